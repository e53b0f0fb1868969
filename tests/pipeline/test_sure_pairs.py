"""Pairs say how many samples agree with the chosen answer, and the unsure are left out."""

from pathlib import Path

import pytest

from meteor.core.errors import SettingsError
from meteor.core.jsonl import read_records
from meteor.core.params import load_params
from meteor.core.records import Pair
from tests.conftest import Project
from tests.pipeline import fakes
from tests.pipeline.rounds import PATHS, Round

VOTE = {"strategy": "mbr", "agreement": "result", "samples": 3}


@pytest.fixture
def turn(project: Project, tmp_path: Path) -> Round:
    """Seven questions. The fake draws three equal samples beside another greedy answer; q1 and q5
    it answers alike in every way.
    """
    the_round = Round(project, tmp_path / "calls")
    project.set({"verifier.plugin": "exact", "student.fake.alike": ["q1", "q5"]})
    project.set({"pairs.questions": None, "pairs.chosen": VOTE})
    return the_round


def made(turn: Round) -> dict[str, Pair]:
    done = fakes.stage(
        turn.project,
        "pairs",
        questions=PATHS["questions"],
        checkpoint="models/sft",
        against="models/sft",
        name="t1",
        out="data/pairs/t1.jsonl",
        summary=PATHS["summary"],
    )
    assert done.returncode == 0, done.stderr
    return {row.id: row for row in read_records(turn.folder / "data/pairs/t1.jsonl", Pair)}


def test_the_share_of_samples_that_agree_stands_on_the_pair(turn: Round) -> None:
    pairs = made(turn)
    assert list(pairs) == ["q0", "q2", "q3", "q4", "q6"]
    assert {(row.votes, row.samples, row.agreement) for row in pairs.values()} == {(3, 4, 0.75)}


def test_equal_answers_may_be_kept(turn: Round) -> None:
    turn.project.set({"pairs.same": "keep"})
    pairs = made(turn)
    assert len(pairs) == 7 and pairs["q1"].chosen == pairs["q1"].rejected
    assert pairs["q5"].agreement == 1


def test_the_unsure_are_counted_and_left_out(turn: Round) -> None:
    turn.project.set({"pairs.same": "keep", "pairs.min_agreement": 0.8})
    assert list(made(turn)) == ["q1", "q5"]
    assert turn.summary()["rows"] == {"in": 7, "out": 2, "rejected": 5, "failed": 0}
    assert turn.summary()["rejected"] == {"fewer samples agree than pairs.min_agreement": 5}


def test_a_threshold_without_votes_is_refused(turn: Round) -> None:
    turn.project.set({"pairs.chosen": {"strategy": "beam"}, "pairs.min_agreement": 0.5})
    with pytest.raises(SettingsError, match="nobody votes"):
        load_params(turn.project.folder / "params.yaml")
