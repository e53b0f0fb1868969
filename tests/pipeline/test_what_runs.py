"""What `dvc repro` runs after a change: the stages that the change concerns, and no other."""

from pathlib import Path
from typing import Any

import pytest

from tests.conftest import Project
from tests.pipeline import fakes
from tests.pipeline.fake_plugins import SOURCES


def evaluated(*checkpoints: str) -> set[str]:
    """The stages that evaluate checkpoints."""
    stages = ("answer", "verify", "general", "judge", "compare", "score")
    return {f"{stage}@{name}" for name in checkpoints for stage in stages}


TURN = {"pairs@t1", "explore@t1", "vet@t1", "selftrain@t1"}
LEARNING = {"iterate@r1", *TURN, *evaluated("t1"), "health", "evolution", "report"}
TEACHING = {"distill", "unguided", "quality"}
EVERY = {"ingest", "base", "verifier", "guideline", "finetune", "control", *TEACHING, *LEARNING}
EVERY |= evaluated("base")
JUDGING = {*evaluated("base", "t1"), "control", "quality", "health", "evolution", "report"}
JUDGING -= {f"{stage}@base" for stage in ("answer", "verify", "general")}
JUDGING -= {f"{stage}@t1" for stage in ("answer", "verify", "general")}


@pytest.fixture
def project(finished: Project, tmp_path: Path) -> Project:
    """A pipeline that has run to its end."""
    return fakes.twin(finished, tmp_path / "project")


def test_a_first_run_runs_every_stage(tmp_path: Path, finished: Project) -> None:
    locked = (finished.folder / "dvc.lock").read_text()
    assert {stage for stage in EVERY if f"\n  {stage}:\n" in locked} == EVERY


CHANGES: dict[str, tuple[dict[str, Any], set[str]]] = {
    "what the pairs' check demands": ({"vet.min_win_rate": 0.25}, {"vet@t1"}),
    "a strategy to measure": (
        {"explore.strategies": {"again": {"strategy": "sample"}}},
        {"verifier", "explore@t1", "vet@t1", "report"},
    ),
    "settings of a plugin that is not chosen": (
        {"teacher.other": {"model": "gpt-4o"}, "student.same": {"style": "florid"}},
        set(),
    ),
    "the decoding of answers": (
        {"answer.decoding.max_new_tokens": 99},
        {"answer@base", "answer@t1", "verify@base", "verify@t1", *JUDGING} - {"quality"},
    ),
    "a new round and a new turn": (
        {
            **{"rounds.r2": {"from": "r1"}, "evaluate.r2": {"before": "t1"}},
            "turns.t2": {"from": "t1", "against": "r1"},
        },
        {"iterate@r2", *(f"{stage}@t2" for stage in ("pairs", "explore", "vet", "selftrain"))}
        | {*evaluated("r2"), "health", "evolution", "report"},
    ),
}


@pytest.mark.parametrize("change", CHANGES)
def test_a_change_runs_what_it_concerns(project: Project, change: str) -> None:
    settings, stages = CHANGES[change]
    project.set(settings)
    assert set(project.repro()) == stages


USED_BY = {
    "source": {"ingest"},
    "base": {"ingest", "base", "health"},
    "student": {
        *("guideline", "iterate@r1", "pairs@t1", "explore@t1", "selftrain@t1"),
        *("answer@base", "answer@t1", "general@base", "general@t1", "quality"),
    },
    "teacher": {"distill", "unguided", "health"},
    "advisor": {"iterate@r1", "verifier"},
    "verifier": {"verifier", "verify@base", "verify@t1", "vet@t1"},
    "judge": {
        *("judge@base", "judge@t1", "compare@base", "compare@t1"),
        *("vet@t1", "control", "quality", "health", "verifier"),
    },
    "sft": {"finetune", "iterate@r1"},
    "pairwise": {"selftrain@t1"},
}


@pytest.mark.parametrize("role", USED_BY)
def test_a_swap_concerns_the_stages_that_use_the_role(project: Project, role: str) -> None:
    project.set({f"{role}.plugin": "same"})
    assert fakes.changed(project) == USED_BY[role]


def test_a_setting_of_a_plugin_concerns_the_stages_that_use_it(project: Project) -> None:
    project.set({"judge.fake.mood": "grim"})
    assert fakes.changed(project) == USED_BY["judge"]


def test_an_edited_plugin_concerns_the_stages_that_use_it(project: Project) -> None:
    project.plugin("judge", "fake", SOURCES["judge"] + "# a comment more\n")
    project.plugin("student", "other", "# not chosen\n")
    reading_settings_alone = {"health", "verifier"}
    assert fakes.changed(project) == USED_BY["judge"] - reading_settings_alone


RUN_BY = {
    "teacher": USED_BY["teacher"],
    "advisor": USED_BY["advisor"],
    "sft": USED_BY["sft"]
    | {"pairs@t1", "explore@t1", "selftrain@t1", "answer@t1"}
    | {"general@t1"},
    "pairwise": USED_BY["pairwise"] | {"answer@t1", "general@t1"},
}
"""What a swap runs where the results are the same: the stages that use the role, and what reads a
checkpoint, whose card names the new trainer.
"""


@pytest.mark.parametrize("role", RUN_BY)
def test_a_swap_runs_the_stages_that_use_the_role(project: Project, role: str) -> None:
    project.set({f"{role}.plugin": "same"})
    assert set(project.repro()) == RUN_BY[role]


def test_another_teacher_runs_what_follows_and_going_back_runs_nothing(
    project: Project, finished: Project
) -> None:
    project.set({"teacher.plugin": "other"})
    assert set(project.repro()) == {*TEACHING, "finetune", *LEARNING}
    assert fakes.results(project) != fakes.results(finished)
    project.set({"teacher.plugin": "fake"})
    assert project.repro() == []
    assert fakes.results(project) == fakes.results(finished)
