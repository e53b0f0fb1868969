"""The engine of the vllm plugins: whom it serves, when it makes room, and how it ends."""

import os
import signal
import subprocess
import sys
import time
import types
from pathlib import Path
from typing import Any

import psutil
import pytest

from meteor.core.hookspecs import hookimpl
from meteor.core.records import Likelihood
from meteor.core.roles import load_plugin
from meteor.core.settings import Schedule, Settings
from meteor.generation import engine
from meteor.models.adapters import write_adapter
from meteor.models.encoding import load_model
from meteor.training.process import Report, train
from plugins.student import transformers, vllm
from tests.generation.asking_vllm import ASKED, EXAMPLES, GREEDY, Notes, settings, write


@pytest.fixture(scope="module")
def models(lively: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a base, and two adapters over it that change what it writes."""
    import shutil

    import torch
    from peft import LoraConfig, get_peft_model

    root = tmp_path_factory.mktemp("models")
    shutil.copytree(lively, root / "base")
    for seed, (name, rank) in enumerate({"sft": 4, "r1": 12}.items()):
        torch.manual_seed(seed)
        told = LoraConfig(r=rank, target_modules="all-linear", init_lora_weights=False)
        model = get_peft_model(load_model(root / "base", "float32", "cpu"), told)
        write_adapter(model, root / "base", root / name)
        for file in (root / "base").glob("*token*"):
            shutil.copy(file, root / name / file.name)
        for file in (root / "base").glob("*.jinja"):
            shutil.copy(file, root / name / file.name)
    return root


def by_transformers(checkpoint: Path) -> dict[str, Any]:
    own = transformers.Transformers(dtype="float32", device="cpu")
    rows = transformers.student_generate(ASKED, checkpoint, GREEDY, own, 7, ())
    return {row.id: row for row in rows}


def test_one_engine_serves_a_base_and_every_adapter_over_it(models: Path, notes: Notes) -> None:
    """It starts anew once where it has to serve the first adapter, or one of a higher rank."""
    order = ["base", "sft", "base", "r1", "sft", "base"]
    rows = {name: write(models / name) for name in order}
    for name, written in rows.items():
        assert written == by_transformers(models / name), name
    assert len({str(written) for written in rows.values()}) == 3, "the adapters should show"
    ranks = [note["arguments"].get("max_lora_rank") for note in notes("LLM")]
    assert ranks == [None, 8, 16]
    assert {note["model"] for note in notes("LLM")} == {str(models / "base")}
    served = [
        note["adapter"] and Path(note["adapter"]["lora_path"]).name for note in notes("generate")
    ]
    assert served == [None, "sft", None, "r1", "sft", None]
    later = [note["adapter"] for note in notes("generate")][3:5]
    assert later[0]["lora_int_id"] != later[1]["lora_int_id"]


def test_likelihoods_of_an_adapter_are_its_own(models: Path, notes: Notes) -> None:
    own = transformers.Transformers(dtype="float32", device="cpu")
    rows = transformers.student_score(EXAMPLES, models / "sft", own, ())
    due = {row.id: row.nll for row in rows if isinstance(row, Likelihood)}
    rows = vllm.student_score(EXAMPLES, models / "sft", settings(), ())
    told = {row.id: row.nll for row in rows if isinstance(row, Likelihood)}
    assert len(due) == len(EXAMPLES) and told == pytest.approx(due, rel=1e-4)


def test_another_checkpoint_ends_the_engine(models: Path, lively: Path, notes: Notes) -> None:
    write(models / "base", asked=ASKED[:1])
    first = notes("generate")[-1]["process"]
    write(lively, asked=ASKED[:1])
    assert notes("generate")[-1]["process"] != first
    assert not psutil.pid_exists(first)


class Nothing(Settings):
    """Nothing to set."""


def trainer(seen: list[Any]) -> Any:
    """A trainer that looks whether the engine's process is there."""
    module = types.ModuleType("trainer")

    def sft_train(examples: Any, held_out: Any, start: Any, out: Any, params: Nothing) -> Any:
        there = engine.running()
        seen.append(there and psutil.pid_exists(there.process))
        report = Report(rows=1, dropped=0, tokens=1, epochs=1, steps=(), seconds=1.0)
        return report.model_dump()

    vars(module)["sft_train"] = hookimpl(sft_train)
    return load_plugin("sft", "trainer", module, {})


@pytest.mark.parametrize(
    ("meanwhile", "there", "told"), [("end", None, 0), ("sleep", True, 1), ("stay", True, 0)]
)
def test_it_makes_room_for_a_training(
    lively: Path, notes: Notes, tmp_path: Path, meanwhile: Any, there: bool | None, told: int
) -> None:
    """And writes as before when it is asked again."""
    before = write(lively, while_training=meanwhile, asked=ASKED[:2])
    seen: list[Any] = []
    schedule = Schedule(epochs=1, learning_rate=1e-3)
    train(trainer(seen), EXAMPLES, lively, tmp_path / "new", schedule, 7)
    train(trainer(seen), EXAMPLES, lively, tmp_path / "new", schedule, 7)
    assert seen == [there, there]
    assert write(lively, while_training=meanwhile, asked=ASKED[:2]) == before
    first, last = (note["process"] for note in notes("generate"))
    assert (first == last) is bool(there) and len(notes("wake_up")) == told
    assert {note["level"] for note in notes("sleep")} == ({1} if told else set())


def test_it_ends_with_the_process_that_started_it(lively: Path, notes: Notes) -> None:
    """Also when that is killed in the middle."""
    script = f"""
import time
from pathlib import Path
from tests.generation.asking_vllm import ASKED, write
write(Path({str(lively)!r}), asked=ASKED[:1])
print("written", flush=True)
time.sleep(60)
"""
    stage = subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True)
    assert stage.stdout and stage.stdout.readline() == "written\n"
    started = notes("generate")[-1]["process"]
    os.kill(stage.pid, signal.SIGKILL)
    stage.wait()
    while psutil.pid_exists(started) and psutil.Process(started).status() != psutil.STATUS_ZOMBIE:
        time.sleep(0.1)
