"""What an edit of code runs: the table of docs/decisions/what-is-a-dependency.md, row by row."""

import re
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
import yaml

from tests.conftest import ROOT, Project
from tests.pipeline import fakes

PAGE = ROOT / "docs/decisions/what-is-a-dependency.md"
ROW = re.compile(r"^\| (?P<what>[^|]+) \| `(?P<file>[^`]+)` \| (?P<stages>[^|]+) \|$", re.MULTILINE)
UNNAMED = {"revise", "reteach"}
"""Stages of checkpoints that the project here does not name."""
EVERY = set(yaml.safe_load((ROOT / "dvc.yaml").read_text())["stages"]) - UNNAMED
ROWS = [(row["what"], row["file"], row["stages"]) for row in ROW.finditer(PAGE.read_text())]
SHAPING = [row for row in ROWS if row[2] != "nothing"]
CARRYING = [file for _, file, stages in ROWS if stages == "nothing"]


@pytest.fixture(scope="module")
def project(finished: Project, tmp_path_factory: pytest.TempPathFactory) -> Project:
    """A pipeline that has run to its end, with controls; each test puts back what it edits."""
    made = fakes.twin(finished, tmp_path_factory.mktemp("edits") / "project")
    made.set(
        {
            "controls.rounds": {"more": {"from": "sft", "of": "r1", "kind": "steps"}},
            "controls.turns": {"random": {"from": "r1", "of": "t1"}},
        }
    )
    made.repro()
    return made


@contextmanager
def edited(project: Project, *files: str) -> Iterator[None]:
    """Let each file have one line more. The fakes play all roles."""
    paths = [project.folder / file.replace("<name>", "fake") for file in files]
    before = [path.read_bytes() for path in paths]
    for path in paths:
        assert (ROOT / path.relative_to(project.folder)).exists() or path.stem == "fake"
        path.write_bytes(path.read_bytes() + b"\n# edited\n")
    try:
        yield
    finally:
        for path, content in zip(paths, before, strict=True):
            path.write_bytes(content)


def changed(project: Project) -> set[str]:
    """The stages that DVC would run, without the names of checkpoints."""
    return {stage.split("@")[0] for stage in fakes.changed(project)}


def test_the_table_is_read_whole() -> None:
    lines = [line for line in PAGE.read_text().splitlines() if line.startswith("| ")]
    assert len(ROWS) == len(lines) - 2, "a row of the table that is not read"
    assert CARRYING and SHAPING


@pytest.mark.parametrize(("what", "file", "stages"), SHAPING, ids=[row[0] for row in SHAPING])
def test_an_edit_runs_what_it_shapes(project: Project, what: str, file: str, stages: str) -> None:
    expected = EVERY if stages == "every stage" else set(stages.split(", "))
    with edited(project, file):
        assert changed(project) == expected, f"{PAGE.name}: {what}"


def test_an_edit_of_what_only_carries_runs_nothing(project: Project) -> None:
    with edited(project, *CARRYING):
        assert changed(project) == set()


def test_another_wording_of_the_judge_trains_nothing(project: Project) -> None:
    """Run, and not only asked for: the scores come out the same, so nothing follows."""
    with edited(project, "plugins/judge/<name>.py"):
        ran = {stage.split("@")[0] for stage in project.repro()}
    assert ran == {"judge", "compare", "vet", "control", "quality"}
