"""Phase 1 with an adapter as checkpoint: what is stored and pushed, what a second clone computes,
and what merged weights answer.
"""

import json
from pathlib import Path
from typing import Any

import pytest

from meteor.models.adapters import base_of, is_adapter
from tests.conftest import Project
from tests.pipeline import fakes
from tests.pipeline.test_end_to_end import ANSWERS, TRAINER, settings

pytestmark = pytest.mark.slow

LAST = "answer@sft"
LORA: dict[str, Any] = {**TRAINER, "method": "lora", "lora": {"r": 4, "alpha": 8}}


@pytest.fixture(scope="module")
def done(tmp_path_factory: pytest.TempPathFactory, tiny_checkpoint: Path) -> Project:
    """The project after phase 1 and its answers, in git, with a folder as its remote."""
    folder = tmp_path_factory.mktemp("adapters")
    project = Project(folder / "first")
    rows = project.questions(24)
    for number, row in enumerate(rows):
        row["answer"] = ANSWERS[number % len(ANSWERS)]
    (project.folder / "data/sources/ml_data.json").write_text(json.dumps(rows))
    project.set(settings(tiny_checkpoint))
    project.set(
        {
            "guideline.enabled": False,
            "sft.trl": {**LORA, "checkpoint": "adapter"},
            "finetune.schedule": {"epochs": 30, "learning_rate": 2.0e-2},
        }
    )
    project.run("dvc", "remote", "add", "--default", "shelf", str(folder / "shelf"))
    project.repro(LAST)
    project.run("git", "add", "--all")
    project.run("git", "commit", "--quiet", "--message", "Run the pipeline")
    return project


def size(folder: Path) -> int:
    return sum(file.stat().st_size for file in folder.rglob("*") if file.is_file())


def test_it_stores_and_pushes_a_fifth_at_most(done: Project) -> None:
    base, learned = done.folder / "models/base", done.folder / "models/sft"
    assert not is_adapter(base) and is_adapter(learned) and base_of(learned) == base
    assert 5 * size(learned) < size(base)
    shelf = done.folder.parent / "shelf"
    done.run("dvc", "push", "models/base")
    beside = size(shelf)
    done.run("dvc", "push", "models/sft")
    assert 0 < 5 * (size(shelf) - beside) < size(base)


def test_who_may_read_a_checkpoint_may_read_its_weights(done: Project) -> None:
    """safetensors alone would make them their owner's, and another user's server sees none."""
    for name in ("base", "sft"):
        (weights,) = (done.folder / "models" / name).glob("*.safetensors")
        assert weights.stat().st_mode == (weights.parent / "config.json").stat().st_mode


def test_a_second_clone_pulls_and_computes_nothing(done: Project, tmp_path: Path) -> None:
    done.run("dvc", "push", "--run-cache")
    second = tmp_path / "second"
    done.run("git", "clone", "--quiet", str(done.folder), str(second))
    theirs = fakes.at(second)
    assert theirs.repro("--pull", "--allow-missing", LAST) == []
    theirs.run("dvc", "pull", "--with-deps", LAST)
    assert fakes.results(theirs) == fakes.results(done)
    assert base_of(second / "models/sft") == second / "models/base"


def test_a_merged_checkpoint_answers_the_same(done: Project, tmp_path: Path) -> None:
    """And finds accepted answers as likely, so that its metrics are the same."""
    other = fakes.twin(done, tmp_path / "merged")
    other.set({"sft.trl.checkpoint": "merged"})
    assert other.repro(LAST) == ["finetune", LAST]
    assert not is_adapter(other.folder / "models/sft")
    answers = [(each.folder / "data/answers/sft.jsonl").read_bytes() for each in (done, other)]
    assert answers[0] == answers[1] and b'"reference_nll"' in answers[0]
