"""The reader of dvc.yaml and dvc.lock."""

import shutil
from pathlib import Path
from typing import Any

import pytest

from meteor.core.errors import MeteorError, SettingsError
from meteor.pipeline import (
    read_lineage,
    resolved_stages,
    shaped_by,
    stage_names,
    written_stage,
)
from tests.conftest import ROOT


@pytest.fixture
def copied(tmp_path: Path) -> Path:
    """The pipeline with its code, to be edited."""
    shutil.copy(ROOT / "dvc.yaml", tmp_path)
    for room in ("meteor", "stages"):
        ignored = shutil.ignore_patterns("__pycache__")
        shutil.copytree(ROOT / room, tmp_path / room, ignore=ignored)
    return tmp_path / "dvc.yaml"


def edited(file: Path, text: str = "\n# edited\n") -> None:
    file.write_text(file.read_text() + text)


@pytest.mark.parametrize(
    ("place", "shapes"),
    [
        ("meteor/commands/status.py", False),
        ("meteor/transport/limits.py", False),
        ("meteor/running/observers.py", False),
        ("meteor/training/process.py", False),
        ("meteor/generation/decoding.py", True),
        ("meteor/prompts/wording.py", True),
        ("stages/guideline.py", True),
    ],
)
def test_finished_rows_outlive_edits_of_what_does_not_shape_them(
    copied: Path, place: str, shapes: bool
) -> None:
    before = shaped_by("guideline", copied)
    edited(copied.parent / place)
    assert (shaped_by("guideline", copied) != before) is shapes


def test_a_stage_outside_of_the_pipeline_is_shaped_by_nothing(copied: Path) -> None:
    assert shaped_by("probe", copied) == shaped_by("probe", copied.with_name("none.yaml"))


def test_stages_are_named_one_by_one() -> None:
    params: dict[str, Any] = {
        "rounds": {"r1": {}, "r2": {}},
        "turns": {"t1": {}},
        "evaluate": {"base": {}},
    }
    names = list(stage_names(params, ROOT / "dvc.yaml"))
    assert [name for name in names if name.startswith("iterate")] == ["iterate@r1", "iterate@r2"]
    assert names[0] == "ingest" and "judge@base" in names


def test_dvc_gives_the_same_names_and_their_arguments() -> None:
    stages = resolved_stages(ROOT / "dvc.yaml")
    assert stages["iterate@r2"]["start"] == "models/r1"
    assert stages["ingest"]["train"]


def test_what_is_no_pipeline_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "dvc.yaml"
    with pytest.raises(SettingsError, match="there are no stages here"):
        written_stage("report", file)
    file.write_text("stages: {}")
    with pytest.raises(SettingsError, match="no stage 'report'"):
        written_stage("report", file)
    lock = tmp_path / "dvc.lock"
    assert read_lineage(lock).stages == {}
    lock.write_text("stages: [1]")
    with pytest.raises(MeteorError, match="not a lock file of DVC"):
        read_lineage(lock)
