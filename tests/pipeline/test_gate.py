"""The gate: new weights that find the dev answers less likely are refused, kept out or told of."""

import shutil
from pathlib import Path
from typing import Any

import pytest

from meteor.core.jsonl import read_records, write_records
from meteor.core.records import Pair, Question
from meteor.models.model_card import read_front
from tests.conftest import Project
from tests.pipeline import fakes
from tests.pipeline.fake_plugins import SOURCES
from tests.pipeline.rounds import PATHS, Round

DEV = [
    Question(id=f"d{number}", title=f"And {number}?", answer="One two three.") for number in (1, 2)
]
SELFTRAIN = {
    "pairs": "data/pairs/t1.jsonl",
    "passed": "data/pairs/t1-passed.json",
    "distilled": PATHS["distilled"],
    "dev": PATHS["dev"],
    "general": PATHS["general"],
    "start": "models/sft",
    "name": "t1",
    "out": "models/t1",
    "losses": "metrics/training/t1.csv",
    "metrics": "metrics/gates/t1.json",
    "summary": "metrics/rows/selftrain-t1.json",
}


@pytest.fixture
def gated(project: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Round:
    """Three fine-tunings in a round (three, three and one accepted answers), and two dev answers
    to measure them with.
    """
    monkeypatch.setenv("FAKE_CALLS", str(tmp_path / "calls"))
    the_round = Round(project, tmp_path / "calls")
    write_records(the_round.folder / PATHS["dev"], DEV)
    project.set({"advisor.fake.accepts": 1})
    return the_round


def weights(gated: Round, name: str) -> bytes:
    return (gated.folder / "models" / name / "model.safetensors").read_bytes()


def told(gated: Round, metrics: str = PATHS["metrics"]) -> dict[str, Any]:
    return fakes.read_json(gated.folder / metrics)


def test_weights_that_find_the_answers_as_likely_pass(gated: Round) -> None:
    gated.refine()
    row = told(gated)
    assert row["refused"] == 0 and abs(row["dev_increase"]) < 0.01
    assert row["dev_nll"] == pytest.approx(2, abs=0.01), "nats a token"
    passages = gated.summary()["gate"]["passages"]
    assert [look["taken"] for look in passages] == [True, True, True]
    measured = [call["checkpoint"] for call in fakes.calls(gated.calls, "student_score")]
    names = ["r1.0.partial", "r1.1.partial", "r1.2.partial", "sft"]
    assert sorted(measured[::2]) == sorted(measured[1::2]) == names, "dev and general, once each"


def test_where_there_are_no_general_texts_the_student_is_not_asked_about_them(gated: Round) -> None:
    (gated.folder / PATHS["general"]).write_text("")
    gated.refine()
    assert len(fakes.calls(gated.calls, "student_score")) == 4
    assert told(gated)["general_nll"] is None and told(gated)["dev_nll"] is not None


def test_refused_weights_are_dropped_and_the_round_goes_on_with_those_before(gated: Round) -> None:
    gated.project.set({"student.fake.worse": ["r1.1.partial"]})
    gated.refine()
    assert gated.learned() == [
        ("sft", ["q0", "q1", "q2"]),
        ("r1.0.partial", ["q3", "q4", "q5"]),
        ("r1.0.partial", ["q6"]),
    ]
    assert gated.asked()[-1][0] == "r1.0.partial"
    assert told(gated)["refused"] == 1 and told(gated)["dev_nll"] < 2.1
    assert [look["taken"] for look in gated.summary()["gate"]["passages"]] == [True, False, True]
    assert fakes.leftovers(gated.project) == []


def test_where_all_are_refused_the_checkpoint_is_the_start(gated: Round) -> None:
    gated.project.set({"student.fake.worse": [f"r1.{number}.partial" for number in range(3)]})
    gated.refine()
    assert weights(gated, "r1") == weights(gated, "sft") == b"sft"
    assert told(gated)["refused"] == 3 and told(gated)["dev_increase"] == 0
    assert read_front(gated.folder / "models/r1/README.md")["meteor"][-1]["gate"]["refused"] == 3
    assert not (gated.folder / "models/sft/README.md").exists(), "the start is untouched"
    assert fakes.leftovers(gated.project) == []


def test_the_stage_fails_where_the_user_says_so(gated: Round) -> None:
    gated.project.set({"student.fake.worse": ["r1.1.partial"], "gate.above": "fail"})
    message = fakes.refused(gated.run())
    assert "the negative log-likelihood of the dev answers went from 2.0" in message
    assert "more than gate.max_increase (5.0%) allows" in message and "gate.above" in message
    assert not (gated.folder / "models/r1").exists()
    assert fakes.leftovers(gated.project) == []


def test_general_texts_that_become_unlikely_refuse_the_weights_too(gated: Round) -> None:
    """The dev answers may rise as they like, the general texts by no more than a twentieth."""
    gated.project.set({"student.fake.worse": ["r1.1.partial"], "gate.max_increase": 9.0})
    gated.refine()
    row = told(gated)
    assert row["refused"] == 1 and row["general_nll"] == pytest.approx(2, abs=0.02)
    looks = gated.summary()["gate"]["passages"]
    assert looks[1]["general"]["increase"] > 0.9 and not looks[1]["taken"]
    shutil.rmtree(gated.folder / "models/r1")
    gated.project.set({"gate.max_general_increase": None})
    gated.refine()
    assert told(gated)["refused"] == 0


def test_a_warning_lets_them_go_on(gated: Round) -> None:
    gated.project.set({"student.fake.worse": ["r1.2.partial"], "gate.above": "warn"})
    done = gated.run()
    assert done.returncode == 0 and "it goes on all the same" in done.stderr
    assert told(gated)["refused"] == 0 and told(gated)["dev_increase"] > 0.9


@pytest.mark.parametrize(
    ("settings", "dev", "reason"),
    [
        ({"gate.max_increase": None}, DEV, "gate.max_increase is null"),
        ({}, [], "has no question with an accepted answer"),
        ({"student.plugin": "mute"}, DEV, "the student plugin 'mute' cannot tell"),
    ],
)
def test_where_nothing_can_be_measured_it_says_why(
    gated: Round, settings: dict[str, Any], dev: list[Question], reason: str
) -> None:
    mute = SOURCES["student"].split("@hookimpl\ndef student_score")[0]
    gated.project.plugin("student", "mute", mute)
    gated.project.set({**settings, "student.fake.worse": ["r1.0.partial"]})
    write_records(gated.folder / PATHS["dev"], dev)
    done = gated.run()
    assert done.returncode == 0, done.stderr
    assert "gate: not measured" in done.stderr and reason in done.stderr
    assert reason in gated.summary()["gate"]["off"]
    assert set(told(gated).values()) == {None}


def selftrain(gated: Round) -> Any:
    """Run the stage on one pair, passed by `check`."""
    prompt = {"id": "q0", "messages": ({"role": "user", "content": "What is 0?"},)}
    flops = {"chosen_flops": 10.0, "rejected_flops": 1.0}
    pair = Pair.model_validate(
        {"id": "q0", "prompt": prompt, "chosen": "Right.", "rejected": "Wrong.", **flops}
    )
    write_records(gated.folder / SELFTRAIN["pairs"], [pair])
    gated.project.plugin("pairwise", "fake", SOURCES["pairwise"])
    gated.project.set({"pairwise.plugin": "fake"})
    fakes.pass_pairs(gated.project, SELFTRAIN["pairs"], SELFTRAIN["passed"])
    return fakes.stage(gated.project, "selftrain", **SELFTRAIN)


def test_self_training_stands_behind_the_same_gate(gated: Round) -> None:
    assert selftrain(gated).returncode == 0
    assert weights(gated, "t1") != b"sft"
    assert told(gated, SELFTRAIN["metrics"])["refused"] == 0
    shutil.rmtree(gated.folder / "models/t1")
    gated.project.set({"student.fake.worse": ["t1"]})
    kept = selftrain(gated)
    assert kept.returncode == 0 and "the weights before it are kept" in kept.stderr
    assert weights(gated, "t1") == b"sft"
    assert told(gated, SELFTRAIN["metrics"])["refused"] == 1
    gated.project.set({"gate.above": "fail"})
    fakes.refused(selftrain(gated))
    assert not (gated.folder / "models/t1").exists()


def test_self_training_refuses_pairs_that_were_not_checked(gated: Round) -> None:
    assert selftrain(gated).returncode == 0
    pairs = gated.folder / SELFTRAIN["pairs"]
    others = [pair.model_copy(update={"chosen": "Other."}) for pair in read_records(pairs, Pair)]
    write_records(pairs, others)
    message = fakes.refused(fakes.stage(gated.project, "selftrain", **SELFTRAIN))
    assert "run `vet` again" in message
