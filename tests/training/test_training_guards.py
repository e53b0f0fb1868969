"""A training in a process of its own: what is let through to its place, and what is not."""

import os
import signal
from pathlib import Path
from typing import Any

import pytest

from meteor.core.domain import Domain
from meteor.core.errors import MeteorError
from meteor.core.records import Example, Question
from meteor.core.settings import Schedule, Settings
from meteor.prompts import wording
from meteor.training.guards import check_training
from meteor.training.process import LossCurve, Report, Step, run_training
from plugins.sft import trl as sft
from tests.training.trained import FP32, digest, job

EXAMPLES = [
    Example(
        id=f"q{number}",
        prompt=wording.answer(Domain())(
            Question(id=f"q{number}", title=f"What is concept {number}?")
        ),
        answer="A thing that one learns.",
    )
    for number in range(4)
]
SLOW = Schedule(epochs=2, learning_rate=1e-3)
BY_TWO = {**FP32, "batch_size": 2}


def report(*losses: float) -> Report:
    """A report of steps with these losses."""
    steps = tuple(Step(step=n, loss=loss) for n, loss in enumerate(losses, start=1))
    return Report(rows=4, dropped=0, tokens=40, epochs=1, steps=steps, seconds=2.0)


# --- trainers of a few lines, in a real process --------------------------------------------------

TRAINER = """
import json, os, shutil, signal, sys
import numpy as np
from safetensors.numpy import load_file, save_file
from meteor.training.process import tell_progress
from meteor.prompts import wording

job = json.load(open(sys.argv[1]))
losses, due, value, key = [3.0, 2.0], 2, 1.0, "model.norm.weight"
print("loading the weights")
tell_progress(0, 2)
{before}
shutil.copytree(job["start"], job["checkpoint"])
file = job["checkpoint"] + "/model.safetensors"
weights = load_file(file)
weights[key] = weights[key] + np.float32(value)
save_file(weights, file, metadata={{"format": "pt"}})
{after}
steps = [{{"step": n, "loss": loss}} for n, loss in enumerate(losses, start=1)]
fields = {{"rows": 4, "dropped": 0, "tokens": 40, "epochs": 1, "steps": steps, "seconds": 2.0}}
fields["due"] = due
with open(job["report"], "w") as file:
    json.dump(fields, file)
"""


class Trainer:
    """Runs a trainer's source as a plugin's module would run, towards `out`."""

    def __init__(self, folder: Path, start: Path) -> None:
        self.folder, self.start = folder, start
        self.out = folder / "models/new"

    def run(self, before: str = "", after: str = "", rows: list[Example] = EXAMPLES) -> Report:
        """Train, doing something of its own before and after the new weights are written."""
        source = TRAINER.format(before=before, after=after)
        (self.folder / "tiny_trainer.py").write_text(source)
        return run_training("tiny_trainer", rows, self.start, self.out, SLOW, Settings(), 7)

    def left(self) -> list[Path]:
        """What stands where models are kept."""
        return list(self.out.parent.glob("*"))


@pytest.fixture
def trainer(tiny_checkpoint: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Trainer:
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    return Trainer(tmp_path, tiny_checkpoint)


def test_a_good_training_leaves_its_checkpoint_and_nothing_else(trainer: Trainer) -> None:
    before = digest(trainer.start)
    assert trainer.run() == report(3.0, 2.0).model_copy(update={"due": 2})
    assert trainer.left() == [trainer.out]
    assert digest(trainer.out).keys() == before.keys()
    assert digest(trainer.out) != before
    assert digest(trainer.start) == before


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        ("sys.exit('no memory is left')", "", r"exit code 1:\nloading the weights\nno memory is l"),
        ("", "os._exit(3)", r"exit code 3:\nloading the weights\n$"),
        ("", "os.kill(os.getpid(), signal.SIGKILL)", r"-9 \(killed, .*half the batch_size"),
        ("bytearray(1 << 62)", "", r"exit code 1, out of memory. .*half the batch_size"),
        ("sys.exit('torch.OutOfMemoryError: CUDA out of memory.')", "", r"gradient_checkpointing"),
        (
            "import resource; resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096))",
            "",
            r"exit code 1: the disk is full (.|\n)*make room",
        ),
        (
            "import socket, torch; taken = socket.create_server(('', 0)); "
            "torch.distributed.TCPStore('127.0.0.1', taken.getsockname()[1], is_master=True)",
            "",
            r"exit code 1: the port where the processes meet is taken(.|\n)*`port`",
        ),
        ("raise ValueError('a strange row')", "", r"exit code 1:(.|\n)*ValueError: a strange row"),
        ("", "sys.exit(0)", "report"),
        ("losses = [3.0, float('nan'), 2.0]", "", "loss is nan at step 2"),
        ("losses = [3.0, 2.0, float('inf')]", "", "loss is inf at step 3"),
        ("losses = []", "", "made no step"),
        ("due = 3", "", "made 2 steps where 3 were due on 4 rows in 1 epochs"),
        ("value = 0.0", "", "changed no weight"),
        ("value = float('inf')", "", r"weights model\.norm\.weight are not finite"),
        ("value = float('nan')", "", r"weights model\.norm\.weight are not finite"),
        ("", "os.remove(file)", "no safetensors"),
    ],
)
def test_a_bad_training_says_why_and_leaves_nothing(
    trainer: Trainer, before: str, after: str, said: str
) -> None:
    """The end of what the process wrote, its exit code, the step or the weights in question."""
    with pytest.raises(MeteorError, match=said) as raised:
        trainer.run(before, after)
    assert raised.value.exit_code == 1
    assert "meteor-progress" not in str(raised.value)
    assert trainer.left() == []


def test_only_the_last_lines_of_a_long_log_are_told(trainer: Trainer) -> None:
    with pytest.raises(MeteorError) as raised:
        trainer.run("for n in range(1000): print('line', n)", "sys.exit(3)")
    assert str(raised.value).endswith("line 998\nline 999\n")
    assert len(str(raised.value).splitlines()) < 50


def test_no_rows_are_an_error_before_a_process_is_started(trainer: Trainer) -> None:
    with pytest.raises(MeteorError, match="nothing to train on"):
        trainer.run(rows=[])
    assert trainer.left() == []


def test_a_stage_that_is_interrupted_takes_its_training_along(trainer: Trainer) -> None:
    """As by Ctrl-C: no orphan goes on computing."""
    note = trainer.folder / "pid"
    tell = f"open({str(note)!r}, 'w').write(str(os.getpid())); os.kill(os.getppid(), signal.SIGINT)"
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
    with pytest.raises(KeyboardInterrupt):
        trainer.run(f"{tell}; signal.pause()")
    with pytest.raises(ProcessLookupError):
        os.kill(int(note.read_text()), 0)
    assert trainer.left() == []


# --- the real trainer ----------------------------------------------------------------------------


def fine_tune(start: Path, out: Path, schedule: Schedule, **params: Any) -> Report:
    """Through the plugin's hook: in a process of its own."""
    settings = sft.Trl(**{**BY_TWO, **params})
    return Report.model_validate(sft.sft_train(EXAMPLES, [], start, out, schedule, settings, 7))


@pytest.fixture(scope="module")
def tuned(tiny_checkpoint: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Report, Path]:
    """Report and checkpoint of a training in a process of its own, which left the start alone."""
    before = digest(tiny_checkpoint)
    out = tmp_path_factory.mktemp("tuned") / "models/new"
    told = fine_tune(tiny_checkpoint, out, SLOW)
    assert digest(tiny_checkpoint) == before
    return told, out


def test_the_process_trains_as_this_one_does(
    tiny_checkpoint: Path, tmp_path: Path, tuned: tuple[Report, Path]
) -> None:
    """Byte for byte, with the settings of the plugin and the rows that it was given."""
    told, out = tuned
    told_here = job(tiny_checkpoint, tmp_path / "here", SLOW.epochs, SLOW.learning_rate)
    here = sft.train(told_here, sft.Trl(**BY_TWO), EXAMPLES)
    assert here is not None
    assert told.model_copy(update={"seconds": here.seconds, "usage": here.usage}) == here
    assert digest(out) == digest(told_here.checkpoint)
    assert list(out.parent.iterdir()) == [out]


def test_a_training_that_explodes_names_the_step(tiny_checkpoint: Path, tmp_path: Path) -> None:
    """And does not log a loss of 0.0."""
    out = tmp_path / "models/new"
    with pytest.raises(MeteorError, match=r"loss is (nan|inf) at step \d: lower the learning rate"):
        fine_tune(tiny_checkpoint, out, Schedule(epochs=3, learning_rate=1e10))
    assert not list(out.parent.iterdir())


@pytest.mark.parametrize("method", ["full", "lora"])
def test_a_training_that_learns_nothing_is_caught(
    tiny_checkpoint: Path, tmp_path: Path, method: str
) -> None:
    # weights of 0.0 feel even a rate of 1e-30
    told = job(tiny_checkpoint, tmp_path, epochs=2, learning_rate=1e-60)
    done = sft.train(told, sft.Trl(**{**BY_TWO, "method": method}), EXAMPLES)
    assert done is not None
    with pytest.raises(MeteorError, match="new: training changed no weight"):
        check_training(done, tiny_checkpoint, told.checkpoint, Path("models/new"))


# --- the guard on weights ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("before", "after", "by", "changed"),
    [
        ("float32", "float32", 0.0, False),
        ("float32", "float32", 1e-6, True),
        ("bfloat16", "bfloat16", 0.0, False),
        ("bfloat16", "float32", 0.0, False),
        ("bfloat16", "float32", 1e-6, True),  # more than its precision can hold before
        ("float32", "bfloat16", 0.0, False),  # only rounded
        ("float32", "bfloat16", 0.1, True),
    ],
)
def test_rounding_is_not_learning(
    tmp_path: Path, before: str, after: str, by: float, changed: bool
) -> None:
    """One weight of the last file is moved `by` so much, from one precision to another."""
    import torch
    from safetensors.torch import save_file

    weights = torch.randn(8, 8, generator=torch.Generator().manual_seed(0))
    weights = weights.to(getattr(torch, before)).float()
    for name, dtype, move in [("start", before, 0.0), ("new", after, by)]:
        (tmp_path / name).mkdir()
        moved = weights.clone()
        moved[3, 3] += move
        save_file({"a": weights.to(getattr(torch, dtype))}, tmp_path / name / "1.safetensors")
        save_file({"b": moved.to(getattr(torch, dtype))}, tmp_path / name / "2.safetensors")
    folders = (tmp_path / "start", tmp_path / "new", Path("models/new"))
    if changed:
        check_training(report(3.0), *folders)
    else:
        with pytest.raises(MeteorError, match="changed no weight"):
            check_training(report(3.0), *folders)


def test_losses_of_several_trainings_are_one_curve(tmp_path: Path) -> None:
    """Steps count on, rows and seconds add up, and the summary says what each of them took."""
    curve = LossCurve()
    curve.add(report(3.0, 2.5))
    curve.add(report(2.0, 1 / 3))
    curve.write(tmp_path / "losses.csv")
    written = (tmp_path / "losses.csv").read_text()
    assert written == "step,loss\n1,3.0\n2,2.5\n3,2.0\n4,0.333333\n"
    assert curve.rows == 8
    summary = curve.summary()
    trainings = summary.pop("trainings")
    assert summary == {"steps": 4, "seconds": 4.0}
    assert [training["steps"] for training in trainings] == [2, 2]


def test_the_summary_says_all_that_a_training_took(tuned: tuple[Report, Path]) -> None:
    """Of the machine, too, and with what it can be done again."""
    curve = LossCurve()
    curve.add(tuned[0])
    (training,) = curve.summary()["trainings"]
    done = curve.reports[0]
    known = {"examples": 4, "tokens": done.tokens, "steps": 4, "epochs": 2, "seed": 7, "mfu": None}
    assert known.items() <= training.items()
    assert done.seconds > 0 and training["seconds"] == round(done.seconds, 1)  # of few rows 0.0
    assert all(training[key] > 0 for key in ("tokens_per_second", "peak_memory", "flops"))
    assert {"torch", "transformers", "trl"} <= training["versions"].keys()
