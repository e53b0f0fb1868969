"""The health page names a judge that flips wins into ties, likes lists, or knows easy cases."""

import json
from collections.abc import Sequence
from typing import Any

import pytest

from meteor.core.errors import SettingsError
from meteor.core.jsonl import read_records
from meteor.core.judgements import DIMENSIONS, Compared, Comparison, Judgement, Preference, Scores
from meteor.core.records import Answer, Question, plain_answer
from meteor.core.roles import find_plugin, load_plugin
from meteor.evaluation.comparing import prefer
from meteor.evaluation.controls import Labelled, controls, near, worthy
from meteor.evaluation.health import health, warnings
from meteor.evaluation.style import Liked, Text, style
from tests.conftest import ROOT
from tests.evaluation.test_judges import Judge, Verdict

TEXT = "What we know of {0} is this. It is one of {0} things. That is all about {0}."


def answers(count: int = 20) -> list[Answer]:
    return [
        plain_answer(
            Question(id=f"q{n:02}", title="What?", answer="So it is."), TEXT.format(f"q{n:02}")
        )
        for n in range(count)
    ]


PAIRS = [
    Labelled(question=f"What is {n}?", right=f"A right {n}.", wrong=f"A wrong {n}.")
    for n in range(20)
]


def sound(pair: Comparison) -> float:
    """Knows its own question's number, an end, a text said twice, and what is right."""

    def worth(text: str) -> float:
        whole = text.endswith(f"all about {pair.question.id}.")
        twice = text.count("all about") > 1
        return 4 * ("right" in text) + (pair.question.id in text) + whole - twice

    ours, theirs = worth(pair.first), worth(pair.second)
    return 0.5 if ours == theirs else float(ours > theirs)


def judged(rule: Verdict) -> list[Preference]:
    matches = [*controls(answers(), 20, 7, False), *near(PAIRS, 20, 7, False)]
    return [row for _, row in prefer(Judge(rule).plugin, matches) if isinstance(row, Preference)]


def said(rule: Verdict, liked: Sequence[Liked] = ()) -> str:
    return "\n".join(warnings(health(judged(rule), [], liked, 0.8), [], [], []))


def test_a_sound_judge_has_nothing_said_of_it() -> None:
    report = health(judged(sound), [], [], 0.8)
    assert report["passed"] and report["hard"]
    wins = {row["control"]: row["real_wins"] for row in report["controls"]}
    assert wins == {"shuffled": 1, "truncated": 1, "repeated": 1, "dressed": 0.5, "near": 1}
    assert said(sound) == ""


def test_a_judge_that_turns_wins_into_ties_is_named() -> None:
    """Shown second, nothing is better than anything: no verdict flips, all hang on the order."""

    def lazy(pair: Comparison) -> float:
        return max(sound(pair), 0.5)

    report = health(judged(lazy), [], [], 0.8)
    assert report["flips"] == 0.0 and report["inconsistent"] > 0.7
    assert "of the verdicts hang on the order" in said(lazy)
    assert "(0% turn a win into a loss)" in said(lazy)


def test_a_judge_that_likes_lists_is_named() -> None:
    def listing(pair: Comparison) -> float:
        ours, theirs = ("\n- " in text for text in (pair.first, pair.second))
        return sound(pair) if ours == theirs else float(ours)

    assert "likes lists, headings and bold: the same words dressed up get 100%" in said(listing)
    plain, listed = "One. Two.", "- One.\n- Two."
    sides = [(plain, plain), (listed, plain), (plain, listed), (listed, listed)] * 20
    texts = [
        Text(n % 8 / 7 if a == b else float(a == listed), a, b, "sft over base", f"q{n}")
        for n, (a, b) in enumerate(sides)
    ]
    assert "the judge likes list items" in said(sound, style(texts))


def test_a_judge_that_is_right_only_on_easy_controls_is_named() -> None:
    def topical(pair: Comparison) -> float:
        return 0.5 if "right" in pair.first + pair.second else sound(pair)

    assert "right only on easy controls: of a right answer and one that is near" in said(topical)
    assert "fails its controls" not in said(topical)


def test_a_judge_that_does_not_see_repetition_is_named_and_not_unfit() -> None:
    def blind(pair: Comparison) -> float:
        twice = any(text.count("all about") > 1 for text in (pair.first, pair.second))
        return 0.5 if twice else sound(pair)

    assert health(judged(blind), [], [], 0.8)["passed"]
    assert "calls 100% of the answers that are said twice a tie" in said(blind)


def test_controls_are_made_of_answers_that_are_worth_something() -> None:
    """Base is never right, so that a judge of execution ties all: the accepted answers stand in."""
    rows = answers(4)
    scores = {
        row.id: Judgement(id=row.id, scores=Scores(**dict.fromkeys(DIMENSIONS, mark)))
        for row, mark in zip(rows, (1, 1.5, 2, 9), strict=True)
    }
    found = worthy([*rows, rows[0].model_copy(update={"id": "e", "text": " "})], scores, {})
    assert [row.text == "So it is." for row in found] == [True, True, False, False, True]


def test_the_labelled_pairs_that_come_with_the_project_can_be_asked() -> None:
    rows = list(read_records(ROOT / "data/labelled/near.jsonl", Labelled))
    assert len(near(rows, 20, 7, False)) == 20
    assert len(near(rows, 20, 7, True)) == 40


def jury(**settings: Any) -> Any:
    return load_plugin("judge", "jury", find_plugin("judge", "jury"), settings)


EXACT, BLIND = {"plugin": "reference"}, {"plugin": "reference", "settings": {"tie": 1.0}}
QUESTION = Question(id="q", title="What is dropout?", answer="It drops units at random.")


def pair(first: str, second: str) -> list[Comparison]:
    return [Comparison(id="q", question=QUESTION, first=first, second=second)]


def compared(judge: Any, first: str, second: str) -> Compared:
    ((_, found),) = judge.rows(
        "judge_compare", pair(first, second), Compared, pairs=pair(first, second)
    )
    assert isinstance(found, Compared)
    return found


def test_the_majority_of_a_jury_counts_or_its_mean() -> None:
    right, wrong = "It drops units at random.", "Cook the pasta for ten minutes."
    two = {"a": EXACT, "b": EXACT, "c": BLIND}
    found = compared(jury(judges=two), right, wrong)
    assert found.shares.overall == 1.0
    assert {name: vote.overall for name, vote in found.votes.items()} == {"a": 1, "b": 1, "c": 0.5}
    assert found.reasons["overall"].startswith("a: measured")
    mean = compared(jury(judges=two, verdict="mean"), right, wrong)
    assert mean.shares.overall == pytest.approx(2.5 / 3)
    assert compared(jury(judges={"a": EXACT, "c": BLIND}), right, wrong).shares.overall == 0.5


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"judges": {"a": EXACT}}, "at least 2"),
        ({"judges": {"a": EXACT, "b": {"plugin": "jury"}}}, "does not sit in a jury"),
        ({"judges": {"a": EXACT, "b": {"plugin": "refrence"}}}, "refrence"),
        ({"judges": {"a": EXACT, "b": {"plugin": "reference", "settings": {"tye": 1}}}}, "tye"),
        ({"judges": {"a": EXACT, "b": BLIND}, "quorum": 3}, "3 of 2 judges"),
    ],
)
def test_a_jury_that_cannot_sit_is_refused_before_any_work(
    settings: dict[str, Any], message: str
) -> None:
    with pytest.raises(SettingsError, match=message):
        jury(**settings)


def test_a_juror_that_disagrees_with_the_rest_is_named() -> None:
    """Two sound judges and one that says the opposite of them."""

    def turned(pair: Comparison) -> float:
        return 1 - sound(pair)

    rows = []
    for one, other in zip(judged(sound), judged(turned), strict=True):
        votes = {"a": one, "b": one, "odd": other}
        rows.append(
            one.model_copy(
                update={
                    "first_votes": {name: row.first for name, row in votes.items()},
                    "second_votes": {name: row.second for name, row in votes.items()},
                }
            )
        )
    report = health(rows, [], [], 0.8)
    found = report["jury"]
    assert found["pairs"]["a and b"]["kappa"] == 1.0
    assert found["pairs"]["a and odd"]["kappa"] < 0.2 and found["alpha"] < 0.3
    assert "the judge odd disagrees with the rest" in "\n".join(warnings(report, [], [], []))
    assert json.dumps(report)
