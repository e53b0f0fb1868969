"""Labels as models name them, and what names none, several, or says which it is not."""

import pytest

from tests.verification.asking import refused, verdict

LETTERS = ["A", "B", "C", "D"]
RIGHT = [
    ("B", LETTERS, "B"),
    ("b", LETTERS, "B"),
    ("B.", LETTERS, "B"),
    ("(b)", LETTERS, "B"),
    ("**B**", LETTERS, "B"),
    ("`B`", LETTERS, "B"),
    ("B) 42", LETTERS, "B"),
    ("Answer: B)", LETTERS, "B"),
    ("Answer: **B**", LETTERS, "B"),
    ("## Answer\n\nB", LETTERS, "B"),
    ("The answer is b.", LETTERS, "B"),
    ("The correct option is (B).", LETTERS, "B"),
    (r"\boxed{B}", LETTERS, "B"),
    (r"A is too small. $\boxed{\text{(B)}}$", LETTERS, "B"),
    ("(B) because A is too small.", LETTERS, "B"),
    ("The answer is B because a car moves.", LETTERS, "B"),
    ("I would pick B \u2014 a safe choice.", LETTERS, "B"),
    ("I considered (A), but it is incorrect. Final answer: D.", LETTERS, "D"),
    ("A: 3\nB: 4\nC: 5\n\nThe answer is B.", LETTERS, "B"),
    ("A is wrong. B is right.", LETTERS, "B"),
    ("Not A but B.", LETTERS, "B"),
    ("Die Antwort ist B, weil A zu klein ist.", LETTERS, "B"),
    ("Answer: B\n\nExplanation: A and C are too small.", LETTERS, "B"),
    ("It is A.", LETTERS, "A"),
    ("A, since a lake is no river.", LETTERS, "A"),
    ("A is right.", LETTERS, "A"),
    ("No, it is not.", ["yes", "no"], "no"),
    ("It is not spam.", ["spam", "not spam"], "not spam"),
    ("C++", ["C", "C++", "C#"], "C++"),
    ("I would use C#.", ["C", "C++", "C#"], "C#"),
    ("-1", ["-1", "0", "1"], "-1"),
    ("The sentiment is \u22121.", ["-1", "0", "1"], "-1"),
    ("II", ["I", "II", "III"], "II"),
    ("I think it is type II.", ["I", "II", "III"], "II"),
    ("too_long", ["too long", "too short"], "too long"),
    ("class_2", ["class_1", "class_2"], "class_2"),
    ("+", ["+", "-"], "+"),
]
WRONG = [
    ("not B", LETTERS, "B"),
    ("It is not B.", LETTERS, "B"),
    ("The answer isn't B.", LETTERS, "B"),
    ("I don't believe that the answer is B.", LETTERS, "B"),
    ("B is wrong.", LETTERS, "B"),
    ("B is not the answer", LETTERS, "B"),
    ("Nicht B", LETTERS, "B"),
    ("This is a hard question.", LETTERS, "A"),
    ("A lake is deep.", LETTERS, "A"),
    ("I think it is hard.", ["I", "II", "III"], "I"),
    ("A or B", LETTERS, "B"),
    ("The answer is A or B.", LETTERS, "B"),
    ("The answer is B. Well, it may be A.", LETTERS, "B"),
    ("spam or not spam", ["spam", "not spam"], "not spam"),
    ("not urgent", ["urgent", "later"], "urgent"),
    ("C#", ["C", "C++", "C#"], "C"),
    ("C#", ["C", "C++"], "C"),
    ("1", ["-1", "0", "1"], "-1"),
    ("-1", ["-1", "0", "1"], "1"),
    ("2.5", ["2", "5"], "2"),
    ("Conclusion: (B). Eliminated: (A), (C), (D).", LETTERS, "D"),
    ("Answer", LETTERS, "A"),
    ("", LETTERS, "A"),
]


@pytest.mark.parametrize(("answer", "labels", "label"), RIGHT)
def test_the_label_that_is_named_is_right(answer: str, labels: list[str], label: str) -> None:
    said = verdict("choice", answer, label, labels=labels)
    assert (said.passed, said.result) == (True, label), said


@pytest.mark.parametrize(("answer", "labels", "label"), WRONG)
def test_what_does_not_name_it_is_not(answer: str, labels: list[str], label: str) -> None:
    said = verdict("choice", answer, label, labels=labels)
    assert said.passed is False and said.feedback, said


@pytest.mark.parametrize(
    ("check", "labels", "error"),
    [
        ("B", [], "there are no labels: set verifier.choice.labels"),
        ("b", LETTERS, "'b' is not one of the labels"),
        ({"label": "A", "labels": "AB"}, [], "`labels` are a list of texts"),
        ("spam", ["spam", "Spam."], "are the same but for case or punctuation"),
    ],
)
@pytest.mark.parametrize("text", ["A", ""])
def test_labels_that_make_no_sense(check: str, labels: list[str], error: str, text: str) -> None:
    assert error in refused("choice", check, text, labels=labels)


def test_many_labels_in_a_long_answer_take_no_time() -> None:
    assert verdict("choice", "A because B. " * 7000, "A", labels=LETTERS).passed is True
    assert verdict("choice", "not A " * 16000, "A", labels=LETTERS).passed is False


@pytest.mark.parametrize(
    ("answer", "check"),
    [("`Nile`", "Nile"), ("# Nile", "Nile"), ("\u22125", "-5"), ("3.5.", "3.5"), (";", ";")],
)
def test_texts_that_say_the_same(answer: str, check: str) -> None:
    assert verdict("exact", answer, check).passed is True


@pytest.mark.parametrize(
    ("answer", "check"),
    [
        ("5", "-5"),
        ("3 5", "3.5"),
        ("10", "10%"),
        ("C", "C#"),
        (":", ";"),
        ("5", ".5"),
        ("2024 01 05", "2024-01-05"),
        ("12 30", "12:30"),
    ],
)
def test_punctuation_that_says_something_is_not_ignored(answer: str, check: str) -> None:
    assert verdict("exact", answer, check).passed is False
    assert verdict("exact", answer, None).result != verdict("exact", check, None).result
