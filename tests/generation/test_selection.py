"""Which of several samples is kept."""

import pytest

from meteor.generation.selection import Sample, most_agreed, select


def sample(text: str, likelihood: float = 0.0, whole: bool = True) -> Sample:
    return Sample(text=text, whole=whole, tokens=len(text.split()), likelihood=likelihood)


def test_best_of_keeps_the_likeliest_and_the_first_of_equals() -> None:
    samples = [sample("low", -2.0), sample("high", -0.5), sample("as high", -0.5)]
    assert select(samples, "best_of").text == "high"


@pytest.mark.parametrize("strategy", ["best_of", "mbr"])
def test_samples_that_ended_go_before_those_that_were_cut_off_or_are_empty(strategy: str) -> None:
    ended = sample("something else altogether", -9.0)
    cut, empty = sample("the same words", -0.1, whole=False), sample("", -0.1)
    assert select([cut, cut, empty, ended], strategy) is ended
    assert select([cut, empty], strategy) in (cut, empty), "one is kept where none is good"


def test_mbr_keeps_what_most_samples_say_in_other_words() -> None:
    texts = [
        "Dropout removes units at random.",
        "The sky was blue that day, and nobody came.",
        "Dropout removes units at random while training.",
        "While training, dropout removes some units.",
    ]
    assert select([sample(text) for text in texts], "mbr").text == texts[2]


def test_agreement_looks_at_the_order_of_words_and_not_at_case_or_marks() -> None:
    assert most_agreed(["b a d c", "A, b, c, d!", "a b c d"]) == 1
    assert most_agreed(["a b c d", "b a d c"]) == 0, "the first of equals"
    assert most_agreed(["...", "a b", "A B."]) == 1, "a text without words agrees with none"
