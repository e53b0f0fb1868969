"""A training that was killed goes on, and ends as if nothing had happened."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psutil
import pytest

from meteor.core.errors import MeteorError
from meteor.core.settings import Schedule
from meteor.training import resuming
from meteor.training.process import Report
from plugins.sft import trl as sft
from tests.training.finetuning import EXAMPLES, train
from tests.training.trained import digest

SETTINGS: dict[str, Any] = {
    "device": "cpu",
    "precision": "fp32",
    "batch_size": 1,
    "accumulation": 2,
    "save_steps": 3,
    "method": "lora",
    "lora": {"dropout": 0.1},
}
SCHEDULE = Schedule(epochs=6, learning_rate=5e-3)
STEPS = 12  # two an epoch


@pytest.fixture
def work(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where states are kept."""
    monkeypatch.setenv("METEOR_WORK", str(tmp_path / "work"))
    return tmp_path / "work"


def fine_tune(start: Path, out: Path) -> Report:
    """Through the plugin's hook: in a process of its own."""
    settings = sft.Trl(**SETTINGS)
    return Report.model_validate(sft.sft_train(EXAMPLES, [], start, out, SCHEDULE, settings, 7))


@contextmanager
def killing(work: Path, step: int) -> Iterator[None]:
    """Kill -9 the training process once its state of `step` is on the disk."""

    def watch() -> None:
        while not list(work.glob(f"*/checkpoint-{step}/trainer_state.json")):
            time.sleep(0.005)
        for process in psutil.Process().children(recursive=True):
            if "plugins.sft.trl" in process.cmdline():
                process.kill()

    watcher = threading.Thread(target=watch, daemon=True)
    watcher.start()
    yield
    watcher.join(timeout=10)


@pytest.mark.slow
def test_killed_and_run_again(tiny_checkpoint: Path, tmp_path: Path, work: Path) -> None:
    """In the middle of an epoch, with dropout and accumulation: the same steps, losses and bytes
    as the run that nobody disturbed.
    """
    out = tmp_path / "models/new"
    settings = {key: value for key, value in SETTINGS.items() if key != "save_steps"}
    whole, expected = train(tiny_checkpoint, tmp_path / "whole", EXAMPLES, 6, **settings)
    with killing(work, 3), pytest.raises(MeteorError, match="exit code -9"):
        fine_tune(tiny_checkpoint, out)
    assert not out.exists()
    (kept,) = (folder for folder in work.iterdir() if folder.is_dir())
    half = kept / "checkpoint-11"
    half.mkdir()
    (half / "trainer_state.json").write_text('{"global_step": 1')

    again = fine_tune(tiny_checkpoint, out)
    assert again.usage is not None and 3 <= again.usage.resumed_at < STEPS
    assert [step.step for step in again.steps] == list(range(1, STEPS + 1))
    assert again.steps == whole.steps
    assert digest(out) == digest(expected)
    assert list(work.iterdir()) == []


def test_another_training_does_not_go_on_from_a_state(
    tiny_checkpoint: Path, tmp_path: Path, work: Path
) -> None:
    """Another row, setting or start has another folder, and what was left for the same checkpoint
    is removed; what belongs to another checkpoint is not.
    """

    def folder(out: str, start: Path, *shapes: Any) -> Path:
        with resuming.work_folder(Path(out), start, shapes) as (found, _):
            (found / "state").touch()
            return found

    other = tmp_path / "other"
    other.mkdir()
    for file in tiny_checkpoint.iterdir():
        (other / file.name).write_bytes(file.read_bytes())
    assert folder("models/a", tiny_checkpoint, "rows") == folder("models/a", other, "rows")
    (other / "config.json").write_text("{}")
    folders = [
        folder("models/b", tiny_checkpoint, "rows"),
        folder("models/a", tiny_checkpoint, "rows"),
        folder("models/a", other, "rows"),
        folder("models/a", other, "other rows"),
    ]
    assert len(set(folders)) == 4
    assert [found.exists() for found in folders] == [True, False, False, True]


def test_a_folder_in_use_is_left_alone(tiny_checkpoint: Path, work: Path) -> None:
    """By a training that runs beside this one, with other settings."""
    two = resuming.work_folder(Path("a"), tiny_checkpoint, ["two"])
    with resuming.work_folder(Path("a"), tiny_checkpoint, ["one"]) as (one, _), two:
        assert one.exists()
    with resuming.work_folder(Path("a"), tiny_checkpoint, ["two"]):
        assert not one.exists()


def test_a_short_training_keeps_no_state() -> None:
    from meteor.training.hf_trainer import resumes

    schedule = Schedule(epochs=2, learning_rate=1e-3)
    settings = sft.Trl(batch_size=4, accumulation=2, save_steps=50)
    assert not resumes(settings, 200, schedule)
    assert resumes(settings, 201, schedule)
    assert not resumes(settings.model_copy(update={"save_steps": None}), 10_000, schedule)
