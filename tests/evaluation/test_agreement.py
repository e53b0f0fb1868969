"""Agreement with people is counted as in MT-bench, here on a file small enough to count by hand."""

import json
from argparse import Namespace
from pathlib import Path
from typing import Any

import pytest

from meteor.commands.judge_check import decided, run
from meteor.core.errors import MeteorError
from meteor.core.judgements import ASPECTS, Preference, Shares
from meteor.evaluation.agreement import (
    Agreement,
    Vote,
    agreement,
    judge_with_people,
    people_among_themselves,
)
from tests.conftest import ROOT


def vote(judge: str, winner: str, number: int = 1, swap: bool = False, turn: int = 1) -> Vote:
    one, other = ("beta", "alpha") if swap else ("alpha", "beta")
    return Vote(
        question_id=number, model_a=one, model_b=other, winner=winner, judge=judge, turn=turn
    )


PEOPLE = [
    vote("expert_1", "model_a"),
    vote("expert_2", "model_b", swap=True),  # alpha too, shown in the other order
    vote("expert_3", "tie"),
    vote("expert_1", "model_b", number=2),
    vote("expert_2", "model_a", number=2),
    vote("expert_1", "tie", number=3),
    vote("expert_1", "model_a", number=4),  # the judge was not asked
    vote("author_1", "model_a", number=3),
]
JUDGE = [
    vote("gpt4", "model_a"),
    vote("gpt4", "model_a", number=2, swap=True),  # beta
    vote("gpt4", "tie (inconsistent)", number=3),
]


def test_every_vote_beside_the_judges_verdict_is_counted() -> None:
    pairs = judge_with_people(JUDGE, PEOPLE)
    # 1: alpha with alpha, alpha, tie; 2: beta with beta, alpha; 3: tie with tie, alpha
    assert agreement(pairs, ties=True) == Agreement(4, 7)
    assert agreement(pairs, ties=False) == Agreement(3, 4)


def test_people_are_compared_vote_by_vote() -> None:
    pairs = people_among_themselves(PEOPLE)
    # 1: three pairs, one of them agrees; 2: one pair that does not; 3: tie and alpha
    assert agreement(pairs, ties=True) == Agreement(1, 5)
    assert agreement(pairs, ties=False) == Agreement(1, 2)


def test_nobody_agrees_with_nobody() -> None:
    assert str(agreement([], ties=True)) == "0/0"


def test_two_verdicts_that_differ_are_a_tie_as_mt_bench_counts() -> None:
    def over(first: float, second: float) -> str:
        both = [Shares(**dict.fromkeys(ASPECTS, share)) for share in (first, second)]
        return decided(Preference(id="q", against="b", first=both[0], second=both[1]))

    assert [over(1, 1), over(0, 0), over(0.5, 0.5)] == ["model_a", "model_b", "tie"]
    assert {over(1, 0.5), over(0.5, 0), over(1, 0)} == {"tie (inconsistent)"}


def test_no_verdict_agrees_with_nobody_and_is_counted() -> None:
    pairs = judge_with_people([vote("gpt4", "no verdict"), vote("gpt4", "error", number=3)], PEOPLE)
    assert agreement(pairs, ties=True) == Agreement(0, 5)
    assert agreement(pairs, ties=False) == Agreement(0, 0)


def write(file: Path, votes: list[Vote], **more: Any) -> Path:
    lines = [json.dumps({**row.model_dump(exclude_defaults=True), **more}) for row in votes]
    file.write_text("\n".join(lines) + "\n")
    return file


def check(file: Path, verdicts: Path | None = None, people: str = "") -> None:
    run(Namespace(file=file, verdicts=verdicts, people=people, labelled=False))


def test_the_command_prints_both_and_can_leave_people_out(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file, verdicts = write(tmp_path / "people", PEOPLE), write(tmp_path / "judge", JUDGE)
    check(file, verdicts, people="expert")
    said = capsys.readouterr().out
    assert "7 votes of people, 3 verdicts of the judge" in said
    assert "4/6 = 0.667" in said and "3/4 = 0.750" in said
    assert "1/4 = 0.250" in said and "1/2 = 0.500" in said
    with pytest.raises(MeteorError, match="no vote of nurse"):
        check(file, verdicts, people="nurse")


def test_the_chosen_judge_is_asked_where_the_texts_stand_in_the_file(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The shipped judge prefers the answer that says what the reference says."""
    right = "Dropout sets units to zero at random. It regularizes the network."
    texts = {
        "question": "What is dropout?",
        "reference": right,
        "answer_a": "It drops random units, which regularizes the network.",
        "answer_b": "Cook the pasta for ten minutes.",
    }
    file = write(tmp_path / "people", [vote("expert_1", "model_a")], **texts)
    check(file)
    assert "1/1 = 1.000" in capsys.readouterr().out
    with pytest.raises(MeteorError, match="answer_b are needed"):
        check(write(tmp_path / "bare", PEOPLE))


def test_a_judge_is_measured_on_answers_that_are_known_to_be_right(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """The shipped judge sees the topic, and not that a near answer is wrong."""
    file = ROOT / "data/labelled/near.jsonl"
    run(Namespace(file=file, verdicts=None, people="", labelled=True))
    lines = {line.split()[0]: line.split() for line in capsys.readouterr().out.splitlines()}
    assert lines["off-topic"][1:3] == ["42", "100.0%"]
    assert lines["near"][1:3] == ["42", "0.0%"] and lines["near"][-2:] == ["42", "0"]


def test_a_winner_that_is_none_is_named_with_its_line(tmp_path: Path) -> None:
    file = tmp_path / "people"
    row = {"question_id": 1, "model_a": "a", "model_b": "b", "judge": "x"}
    lines = [{**row, "winner": "tie"}, {**row, "winner": "both"}]
    file.write_text("".join(json.dumps(line) + "\n" for line in lines))
    with pytest.raises(MeteorError, match=r"people:2: .*'both'"):
        check(file, file)
