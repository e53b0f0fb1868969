"""Phase 3 before its training: other strategies are measured, and a judge looks who wins."""

import csv
import hashlib
import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from meteor.core.domain import Domain
from meteor.core.jsonl import write_records
from meteor.core.records import Pair, Question
from meteor.models.model_card import read_front
from meteor.prompts import wording
from tests.conftest import Project
from tests.pipeline import fakes
from tests.pipeline.fake_plugins import SOURCES

PAIRS, EXPLORED = "data/pairs/t1.jsonl", "data/pairs/t1-explored.jsonl"
EXPLORE = {
    "pairs": PAIRS,
    "questions": "data/raw/train.jsonl",
    "checkpoint": "models/r1",
    "name": "t1",
    "out": EXPLORED,
    "summary": "metrics/rows/explore-t1.json",
}
VET = {
    "pairs": PAIRS,
    "trials": EXPLORED,
    "questions": "data/raw/train.jsonl",
    "name": "t1",
    "passed": "data/pairs/t1-passed.json",
    "metrics": "metrics/pairs/t1.json",
    "table": "metrics/pairs/t1.csv",
    "summary": "metrics/rows/vet-t1.json",
}

SELFTRAIN = {
    **{"pairs": PAIRS, "passed": VET["passed"], "dev": "data/raw/dev.jsonl"},
    **{"general": "data/general/texts.jsonl", "start": "models/r1", "name": "t1"},
    **{"distilled": "data/distilled/train.jsonl"},
    **{"out": "models/t1", "losses": "metrics/training/t1.csv"},
    **{"metrics": "metrics/gates/t1.json", "summary": "metrics/rows/selftrain-t1.json"},
}


class Turn:
    """Eight pairs; the judge likes only answers with GOOD in them."""

    def __init__(self, project: Project, calls: Path) -> None:
        self.project, self.folder, self.calls = project, project.folder, calls
        for role in ("student", "judge"):
            project.plugin(role, "fake", SOURCES[role])
            project.set({f"{role}.plugin": "fake"})
        project.set({"judge.fake.likes": "GOOD", "explore.pairs": None, "vet.pairs": None})
        questions = [Question(id=f"q{number}", title=f"What is {number}?") for number in range(8)]
        write_records(self.folder / VET["questions"], questions)
        (self.folder / EXPLORED).parent.mkdir(parents=True)
        (self.folder / EXPLORED).write_text("")
        (self.folder / "models/r1").mkdir(parents=True)
        (self.folder / "models/r1/model.safetensors").write_bytes(b"r1")
        self.pairs("GOOD", "bad")

    def pairs(self, chosen: str, rejected: str, *others: tuple[str, str]) -> None:
        """Eight pairs of one kind, the last of which give way to `others`."""
        texts = [(chosen, rejected)] * (8 - len(others)) + list(others)
        rows = [
            Pair(
                id=f"q{number}",
                prompt=wording.answer(Domain())(
                    Question(id=f"q{number}", title=f"What is {number}?")
                ),
                chosen=f"{high} {number}",
                rejected=f"{low} {number}",
                chosen_flops=4e12,
                rejected_flops=1e12,
            )
            for number, (high, low) in enumerate(texts)
        ]
        write_records(self.folder / PAIRS, rows)

    def run(self, stage: str) -> "subprocess.CompletedProcess[str]":
        return fakes.stage(self.project, stage, **(EXPLORE if stage == "explore" else VET))

    def vetted(self) -> dict[str, Any]:
        done = self.run("vet")
        assert done.returncode == 0, done.stderr
        return fakes.read_json(self.folder / VET["metrics"])

    def table(self) -> list[dict[str, str]]:
        return list(csv.DictReader((self.folder / VET["table"]).read_text().splitlines()))


@pytest.fixture
def turn(project: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Turn:
    monkeypatch.setenv("FAKE_CALLS", str(tmp_path / "calls"))
    return Turn(project, tmp_path / "calls")


def test_the_rate_counts_wins_and_ties_as_half(turn: Turn) -> None:
    turn.pairs("GOOD", "bad", ("GOOD", "GOOD"), ("bad", "bad"), ("bad", "GOOD"))
    assert turn.vetted() == {
        "pairs_judged": 8,
        "pairs_ties": 2,
        "pairs_win_rate": (5 + 2 / 2) / 8,
        "pairs_trained": True,
    }
    rows = fakes.read_json(turn.folder / VET["summary"])["rows"]
    assert rows == {"in": 8, "out": 8, "rejected": 0, "failed": 0}


def test_quality_stands_against_flops(turn: Turn) -> None:
    turn.pairs("GOOD", "bad", ("bad", "bad"), ("bad", "bad"))
    turn.vetted()
    assert turn.table() == [
        {
            **{"turn": "t1", "strategy": "chosen (beam-10)", "tflops": "4.0"},
            **{"score": str((6 * 10 + 2 * 1) / 8), "answers": "8", "right": ""},
        },
        {
            **{"turn": "t1", "strategy": "rejected (greedy)", "tflops": "1.0"},
            **{"score": "1.0", "answers": "8", "right": ""},
        },
    ]


def test_where_a_verifier_knows_right_answers_are_counted_beside_the_judge(turn: Turn) -> None:
    """The judge likes GOOD; right is what ends in a number, of which question 7 has no check."""
    checks = [{"check": [f"GOOD {n}", f"bad {n}"]} if n < 7 else {} for n in range(8)]
    questions = [Question(id=f"q{n}", title=f"What is {n}?", **checks[n]) for n in range(8)]
    write_records(turn.folder / VET["questions"], questions)
    turn.pairs("bad", "wrong", ("wrong", "bad"), ("GOOD", "bad"), ("GOOD", "wrong"))
    turn.project.set({"verifier.plugin": "exact", "verifier.exact": {}, "vet.below": "warn"})
    # Questions 0 to 4: the chosen one alone is right; 5: the rejected one alone; 6: both.
    told = turn.vetted()
    assert told["pairs_win_rate"] == (2 + 6 / 2) / 8, "the judge sees no more than before"
    assert {key: told[f"pairs_{key}"] for key in ("checked", "right_chosen", "right_rejected")} == {
        **{"checked": 7, "right_chosen": round(6 / 7, 4), "right_rejected": round(2 / 7, 4)}
    }
    assert told["pairs_right_p"] == 0.22, "McNemar's exact test of 5 against 1"
    assert [row["right"] for row in turn.table()] == ["0.8571", "0.2857"]
    rows = fakes.read_json(turn.folder / VET["summary"])["rows"]
    assert rows == {"in": 24, "out": 24, "rejected": 0, "failed": 0}
    turn.project.set({"pairs.keep": "verified"})
    assert turn.vetted()["pairs_right_p"] is None, "pairs chosen so show nothing"


def test_below_the_least_rate_it_warns_or_fails_and_shows_the_numbers(turn: Turn) -> None:
    turn.pairs("bad", "GOOD")
    turn.project.set({"vet.below": "warn"})
    told = turn.run("vet")
    assert told.returncode == 0
    assert "t1: the chosen answers win 0.0 of 8 judged pairs" in told.stderr
    assert "vet.min_win_rate (0.5)" in told.stderr
    turn.project.set({"vet.below": "fail"})
    (turn.folder / VET["passed"]).unlink()
    message = fakes.refused(turn.run("vet"))
    assert "choose another strategy (pairs.chosen), or set vet.below to keep or warn" in message
    assert not (turn.folder / VET["passed"]).exists()
    assert fakes.read_json(turn.folder / VET["metrics"])["pairs_win_rate"] == 0


def test_pairs_that_do_not_win_are_kept_from_training(turn: Turn) -> None:
    """The turn ends with the weights that it began with, and everybody is told."""
    turn.project.set({"vet.below": "keep", "vet.pairs": 4})
    assert turn.vetted()["pairs_trained"]
    turn.pairs("bad", "GOOD")
    assert turn.vetted() == {
        **{"pairs_judged": 4, "pairs_ties": 0, "pairs_win_rate": 0.0, "pairs_trained": False},
    }
    turn.project.plugin("pairwise", "fake", SOURCES["pairwise"])
    turn.project.set({"pairwise.plugin": "fake"})
    write_records(turn.folder / "data/raw/dev.jsonl", [])
    done = fakes.stage(turn.project, "selftrain", **SELFTRAIN)
    assert done.returncode == 0, done.stderr
    assert fakes.calls(turn.calls, "pairwise_train") == []
    weights = [turn.folder / "models" / name / "model.safetensors" for name in ("r1", "t1")]
    assert weights[0].read_bytes() == weights[1].read_bytes()
    gate = fakes.read_json(turn.folder / SELFTRAIN["metrics"])
    assert gate["untrained"] == "the chosen answers do not win (vet.below: keep)"
    assert gate["refused"] is None
    last = read_front(turn.folder / "models/t1/README.md")["meteor"][-1]
    assert (last["rows"], last["steps"], last["gate"]) == (0, 0, {"untrained": gate["untrained"]})
    rows = fakes.read_json(turn.folder / SELFTRAIN["summary"])["rows"]
    assert rows == {"in": 8, "out": 0, "rejected": 8, "failed": 0}


def test_where_no_pair_is_left_nothing_wins(turn: Turn) -> None:
    turn.project.set({"vet.below": "keep"})
    write_records(turn.folder / PAIRS, [])
    assert turn.vetted()["pairs_trained"] is False


def test_the_pass_hangs_on_the_pairs_alone(turn: Turn) -> None:
    turn.vetted()
    first = (turn.folder / VET["passed"]).read_bytes()
    turn.project.set({"judge.fake.likes": "", "vet.pairs": 3, "vet.below": "warn"})
    assert turn.vetted()["pairs_judged"] == 3
    assert (turn.folder / VET["passed"]).read_bytes() == first
    digest = hashlib.sha256((turn.folder / PAIRS).read_bytes()).hexdigest()
    assert json.loads(first) == {"pairs": digest}


def test_other_strategies_answer_the_same_questions_and_stand_in_the_table(turn: Turn) -> None:
    strategies = {"four": {"strategy": "beam", "num_beams": 4}, "plain": {"strategy": "greedy"}}
    turn.project.set({"explore.strategies": strategies, "explore.pairs": 4, "vet.pairs": 3})
    turn.project.set({"judge.fake.likes": "try"})
    done = turn.run("explore")
    assert done.returncode == 0, done.stderr
    asked = fakes.calls(turn.calls, "student_generate")
    assert [call["checkpoint"] for call in asked] == ["r1", "r1"]
    assert [len(call["rows"]) for call in asked] == [4, 4]
    assert "What is" in asked[0]["rows"][0]["messages"][0]["content"]
    turn.vetted()
    rows = {row["strategy"]: row for row in turn.table()}
    assert list(rows) == ["chosen (beam-10)", "rejected (greedy)", "four", "plain"]
    assert [row["answers"] for row in rows.values()] == ["3", "3", "3", "3"], "on the same ones"
    assert float(rows["four"]["tflops"]) == 4 * float(rows["plain"]["tflops"]) > 0
    assert rows["four"]["score"] == "10.0" and rows["chosen (beam-10)"]["score"] == "1.0"
    summary = fakes.read_json(turn.folder / VET["summary"])
    assert summary["rows"] == {"in": 9, "out": 9, "rejected": 0, "failed": 0}


def test_without_strategies_nobody_is_asked(turn: Turn) -> None:
    turn.project.set({"explore.strategies": {}})
    assert turn.run("explore").returncode == 0
    assert fakes.calls(turn.calls, "student_generate") == []
    assert (turn.folder / EXPLORED).read_text() == ""


def test_pairs_that_cannot_be_judged_are_counted(turn: Turn) -> None:
    """The judge that ships needs an accepted answer, which these questions lack."""
    turn.project.set({"judge.plugin": "reference", "max_failed_fraction": 1.0})
    assert turn.vetted()["pairs_win_rate"] is None
    summary = fakes.read_json(turn.folder / VET["summary"])
    assert summary["rows"] == {"in": 8, "out": 0, "rejected": 0, "failed": 8}
    turn.project.set({"max_failed_fraction": 0.0})
    assert "8 of 8 rows failed" in fakes.refused(turn.run("vet"))


def test_no_pairs_and_strange_pairs_are_errors(turn: Turn) -> None:
    write_records(turn.folder / VET["questions"], [])
    assert "belongs to no training question" in fakes.refused(turn.run("vet"))
    write_records(turn.folder / PAIRS, [])
    turn.project.set({"vet.below": "warn"})
    assert "there is no pair" in fakes.refused(turn.run("vet"))


def test_the_estimate_counts_what_the_check_would_ask(turn: Turn) -> None:
    strategies = {"four": {"strategy": "greedy"}, "plain": {"strategy": "greedy"}}
    turn.project.set(
        {"judge.plugin": "chat_api", "vet.pairs": 5, "evaluate": {"base": {"before": "base"}}}
    )
    turn.project.set({"explore.strategies": strategies})
    told = turn.project.run("meteor", "estimate").stdout.splitlines()
    line = next(line.split() for line in told if line.startswith("vet@t1"))
    assert line[2:4] == ["0", str(5 * (2 + len(strategies)))]
