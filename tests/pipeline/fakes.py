"""Projects in which fakes play all roles, and what tests ask of a project."""

import hashlib
import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.conftest import ROOT, Project
from tests.pipeline.fake_plugins import SOURCES

EVERY_ROLE = tuple(SOURCES)
MODELS = ("base", "student", "sft", "pairwise")
"""The roles that load or train a model."""


def install(project: Project, tiny_checkpoint: Path, roles: tuple[str, ...] = EVERY_ROLE) -> None:
    """Write raw data, and let fakes play `roles`, and what ships the others, in one round and one
    turn. DVC reads all of params.yaml again for every stage, so the settings of the plugins that
    ship are left out where a fake plays.

    Beside each stand `same`, which does the same, and `other`, which gives other results.
    """
    project.questions(16)
    shipped = yaml.safe_load((ROOT / "params.yaml").read_text())
    settings: dict[str, Any] = {
        **{role: shipped[role] for role in EVERY_ROLE},
        "rounds": {"r1": {"from": "sft"}},
        "turns": {"t1": {"from": "r1", "against": "sft"}},
        "evaluate": {"base": {"before": "base"}, "t1": {"before": "base"}},
        "iterate.questions": 6,
        "iterate.in_flight": 3,
        "iterate.finetune_interval": 2,
        "pairs.questions": 4,
        "vet.below": "warn",  # the fake judge's marks are as good as random
    }
    for role in roles:
        source = SOURCES[role]
        other = source.replace('VOICE = "fake"', 'VOICE = "other"')
        own = {key: value for key, value in shipped[role].items() if not isinstance(value, dict)}
        settings[role] = {**own, "plugin": "fake"}
        for name, text in (("fake", source), ("same", source), ("other", other)):
            project.plugin(role, name, text)
            settings[role][name] = {"tokenizer": str(tiny_checkpoint)} if role == "base" else {}
    project.set({**settings, "source.path": "data/sources"})


def twin(project: Project, folder: Path) -> Project:
    """A copy of a project as it stands, with its DVC cache."""
    shutil.copytree(project.folder, folder, symlinks=True, dirs_exist_ok=True)
    return at(folder)


def at(folder: Path) -> Project:
    """The project that stands in `folder` already."""
    project = object.__new__(Project)
    project.folder = folder
    return project


def calls(file: Path, hook: str) -> list[dict[str, Any]]:
    """What the fakes were asked through a hook, in order: `checkpoint` and `rows`."""
    told = [json.loads(line) for line in file.read_text().splitlines()] if file.exists() else []
    return [call for call in told if call["hook"] == hook]


SHIPPED = ("data/general/", "data/labelled/")
"""What comes with the project, beside what stages write."""


def results(project: Project) -> dict[str, bytes]:
    """The raw data, and every file that stages wrote, by its path."""
    written = {
        str(file.relative_to(project.folder)): file.read_bytes()
        for folder in ("data", "models", "metrics")
        for file in sorted((project.folder / folder).rglob("*"))
        if file.is_file() and file.name != ".gitignore"
    }
    return {path: text for path, text in written.items() if not path.startswith(SHIPPED)}


def changed(project: Project) -> set[str]:
    """The stages of which DVC says that their own code, settings or data are others now."""
    from dvc.repo import Repo

    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(project.folder)  # where DVC calls stages by their names alone
        patch.setenv("DVC_SITE_CACHE_DIR", str(project.folder / ".dvc/tmp"))
        with Repo() as repo:
            told = repo.status()
    return {stage for stage, reasons in told.items() if not stage.endswith(".dvc") and reasons}


def stage(project: Project, module: str, /, **arguments: str) -> "subprocess.CompletedProcess[str]":
    """Run a stage's command alone, as dvc.yaml does."""
    options = [part for key, value in arguments.items() for part in (f"--{key}", value)]
    return project.run("python", "-m", f"stages.{module}", *options, check=False)


def refused(done: "subprocess.CompletedProcess[str]", code: int = 1) -> str:
    """The one message with which a stage has ended."""
    assert "Traceback" not in done.stderr
    assert done.returncode == code, done.stderr
    _, found, message = done.stderr.partition("error: ")
    assert found, done.stderr
    assert "error: " not in message
    return message.strip()


def leftovers(project: Project) -> list[Path]:
    """What is half written."""
    return [path for end in ("partial", "work") for path in project.folder.rglob(f"*.{end}")]


def read_json(file: Path) -> dict[str, Any]:
    """What a stage wrote as one JSON object."""
    value: dict[str, Any] = json.loads(file.read_text())
    return value


def pass_pairs(project: Project, pairs: str, passed: str) -> None:
    """Let pairs pass, as the stage `vet` does."""
    digest = hashlib.sha256((project.folder / pairs).read_bytes()).hexdigest()
    (project.folder / passed).write_text(json.dumps({"pairs": digest}))
