"""The gate where a verifier is chosen: whoever answers fewer dev questions rightly is refused."""

from pathlib import Path
from typing import Any

import pytest

from meteor.core.jsonl import write_records
from meteor.core.records import Question
from meteor.core.verdicts import Shift
from tests.conftest import Project
from tests.pipeline import fakes
from tests.pipeline.fake_plugins import SOURCES
from tests.pipeline.rounds import PATHS, Round

DEV = [
    Question(id=f"d{number}", title=f"And {number}?", answer="Right it is.", check="right")
    for number in range(8)
]
ANSWERING = SOURCES["student"].replace(
    "    worse: tuple",
    '    wrong: dict[str, tuple[str, ...]] = Field({}, description="what a checkpoint misses")\n'
    "    worse: tuple",
)
ANSWERING = ANSWERING.replace(
    "        yield Completion(",
    """        if prompt.id.startswith("d"):
            missed = params.wrong.get(checkpoint.name, ())
            yield Completion(
                id=prompt.id,
                text="wrong" if prompt.id in missed or "all" in missed else "right",
                finish_reason="stop",
                prompt_tokens=1,
                completion_tokens=1,
            )
            continue
        yield Completion(""",
)


@pytest.fixture
def gated(project: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Round:
    """Three fine-tunings in a round, and eight dev questions that `exact` can check."""
    monkeypatch.setenv("FAKE_CALLS", str(tmp_path / "calls"))
    the_round = Round(project, tmp_path / "calls")
    project.plugin("student", "fake", ANSWERING)
    write_records(the_round.folder / PATHS["dev"], DEV)
    project.set({"advisor.fake.accepts": 1, "verifier.plugin": "exact"})
    return the_round


def told(gated: Round) -> dict[str, Any]:
    return fakes.read_json(gated.folder / PATHS["metrics"])


def test_weights_that_lose_right_answers_are_refused(gated: Round) -> None:
    """The student finds the answers of the second weights as likely, and gives six of them no
    more; those of the third are twice as unlikely, and right.
    """
    lost = [f"d{number}" for number in range(6)]
    gated.project.set({"student.fake.wrong": {"r1.1.partial": lost}})
    gated.project.set({"student.fake.worse": ["r1.2.partial"], "gate.max_general_increase": None})
    gated.refine()
    row = told(gated)
    assert row["by"] == "correct" and row["refused"] == 1
    assert row["dev_correct"] == row["dev_correct_before"] == 1
    assert (row["dev_questions"], row["dev_gained"], row["dev_lost"]) == (8, 0, 0)
    assert row["dev_p"] == 1 and row["dev_increase"] > 0.9, "it is told, and decides nothing"
    looks = gated.summary()["gate"]["passages"]
    assert [look["taken"] for look in looks] == [True, False, True]
    assert looks[1]["right"] == {
        "dev_correct": 0.25,
        "dev_correct_before": 1,
        "dev_change_low": -0.75,
        "dev_change_high": pytest.approx(-0.0612, abs=1e-3),
        "dev_p": 0.016,
        "dev_questions": 8,
        "dev_gained": 0,
        "dev_lost": 6,
    }


def test_a_loss_that_may_be_chance_passes(gated: Round) -> None:
    gated.project.set({"student.fake.wrong": {"r1.2.partial": ["d1", "d2", "d3", "d4"]}})
    gated.refine()
    row = told(gated)
    assert row["refused"] == 0 and row["dev_correct"] == 0.5
    assert row["dev_lost"] == 4 and row["dev_p"] == pytest.approx(1 / 16, abs=1e-3)


def test_a_gain_is_told_from_the_weights_that_went_in(gated: Round) -> None:
    gated.project.set({"student.fake.wrong": {"sft": ["all"], "r1.0.partial": ["d1", "d2"]}})
    gated.refine()
    row = told(gated)
    assert (row["dev_correct_before"], row["dev_correct"], row["dev_gained"]) == (0, 1, 8)
    assert row["dev_change_low"] > 0.2 and row["dev_change_high"] == 1


def test_the_stage_fails_where_the_user_says_so(gated: Round) -> None:
    gated.project.set({"student.fake.wrong": {"r1.0.partial": ["all"]}, "gate.above": "fail"})
    message = fakes.refused(gated.run())
    assert "of 8 dev questions 8 were answered rightly before, 0 now (+0 -8, p = 0.0039)" in message
    assert "gate.level (0.05)" in message and not (gated.folder / "models/r1").exists()


def test_each_checkpoint_answers_once(gated: Round) -> None:
    gated.refine()
    asked = [name for name, ids in gated.asked() if "d1" in ids]
    assert sorted(asked) == ["r1.0.partial", "r1.1.partial", "r1.2.partial", "sft"]


@pytest.mark.parametrize("change", [{"gate.by": "likelihood"}, {"verifier.plugin": "none"}])
def test_else_the_likelihood_decides(gated: Round, change: dict[str, Any]) -> None:
    gated.project.set({"student.fake.wrong": {"r1.1.partial": ["all"]}, **change})
    gated.project.set({"student.fake.worse": ["r1.2.partial"]})
    gated.refine()
    row = told(gated)
    assert row["by"] == "likelihood" and row["refused"] == 1 and row["dev_correct"] is None
    assert [look["taken"] for look in gated.summary()["gate"]["passages"]] == [True, True, False]


def test_right_answers_decide_where_the_likelihood_is_not_measured(gated: Round) -> None:
    gated.project.set({"student.fake.wrong": {"r1.1.partial": ["all"]}})
    gated.project.set({"gate.max_increase": None})
    gated.refine()
    assert told(gated)["refused"] == 1 and told(gated)["dev_nll"] is None


def test_without_a_check_it_says_so_and_the_likelihood_decides(gated: Round) -> None:
    plain = [question.model_copy(update={"check": None}) for question in DEV]
    write_records(gated.folder / PATHS["dev"], plain)
    done = gated.run()
    assert done.returncode == 0
    assert "right answers not measured: data/raw/dev.jsonl has no question with" in done.stderr
    assert told(gated)["by"] == "likelihood"


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"gate.by": "correct", "verifier.plugin": "none"}, "gate.by: 'correct' asks the verifier"),
        ({"gate.decoding": {"strategy": "sample"}}, "'sample' draws; a gate takes greedy or beam"),
    ],
)
def test_settings_that_cannot_be_are_refused(
    gated: Round, change: dict[str, Any], message: str
) -> None:
    gated.project.set(change)
    assert message in fakes.refused(gated.run(), code=2)


def test_the_test_is_exact_and_one_sided() -> None:
    assert Shift(10, 5, 5, gained=0, lost=0).p == 1
    assert Shift(10, 5, 4, gained=0, lost=1).p == 0.5
    assert Shift(20, 9, 10, gained=6, lost=5).p > 0.5, "a gain is never refused"
    assert Shift(50, 30, 22, gained=2, lost=10).p == pytest.approx(79 / 4096)
    low, high = Shift(50, 30, 22, gained=2, lost=10).interval
    assert -12 / 50 < low < -8 / 50 < high < 0
