"""Launchers: DeepSpeed really run by two processes on this machine, and the commands for more."""

import json
import sys
from pathlib import Path
from typing import Any

import pytest

from meteor.core.errors import SettingsError
from meteor.core.settings import Schedule, Settings
from meteor.running.processor import KEPT_MEMORY
from meteor.training import hf_trainer, launching
from meteor.training.process import Report
from plugins.pairwise import trl as pairwise
from plugins.sft import trl as sft
from tests.conftest import ROOT
from tests.training.finetuning import EXAMPLES
from tests.training.preferring import PAIRS
from tests.training.spread import SCHEDULE, Alone, learns_the_same, likelihood
from tests.training.trained import FP32, job


def by_two(config: str, port: int) -> dict[str, Any]:
    """Settings of a DeepSpeed launch of two processes on this machine."""
    file = ROOT / "configs/deepspeed" / f"{config}.json"
    return {"launcher": "deepspeed", "deepspeed": {"config": file, "gpus": 2, "port": port}}


@pytest.mark.slow
def test_two_processes_learn_what_one_learns(
    tiny_checkpoint: Path, tmp_path: Path, alone: Alone
) -> None:
    """The same losses, and one checkpoint of the same weights, that is like any other. Under
    ZeRO-3 the next test looks.
    """
    learns_the_same(tmp_path / "two", tiny_checkpoint, alone, **by_two("zero2", 29501))


@pytest.mark.slow
@pytest.mark.parametrize(
    ("loss", "method", "port"), [("dpo", "full", 29503), ("ipo", "lora", 29504)]
)
def test_two_processes_compare_with_the_start_as_one_does(
    tiny_checkpoint: Path, tmp_path: Path, loss: str, method: str, port: int
) -> None:
    """Under ZeRO-3, where the start's likelihoods are computed by both processes in step."""
    pairs, params = PAIRS[:4], {**FP32, "loss": loss, "method": method}
    told = job(tiny_checkpoint, tmp_path / "one", SCHEDULE.epochs, SCHEDULE.learning_rate)
    one = pairwise.train(told, pairwise.Trl(**params, batch_size=4), pairs)
    out = tmp_path / "two"
    settings = pairwise.Trl(**params, batch_size=2, **by_two("zero3", port))
    done = pairwise.pairwise_train(pairs, tiny_checkpoint, out, SCHEDULE, settings, 7)
    two = Report.model_validate(done)
    assert one is not None and len(one.steps) == len(two.steps) == 2
    for mine, theirs in zip(one.steps, two.steps, strict=True):
        assert theirs.loss == pytest.approx(mine.loss, abs=1e-4)
    assert abs(one.steps[1].loss - one.steps[0].loss) > 0.01, "would not tell the start apart"
    assert two.usage is not None and two.usage.processes == 2
    assert {file.name for file in out.iterdir()} == {f.name for f in told.checkpoint.iterdir()}
    assert likelihood(out) == pytest.approx(likelihood(told.checkpoint), abs=1e-4)


@pytest.mark.slow
@pytest.mark.parametrize(("config", "port"), [("zero2", 29505), ("zero3", 29506)])
def test_what_was_learned_before_is_not_rounded_away(
    tiny_checkpoint: Path, tmp_path: Path, config: str, port: int
) -> None:
    """DeepSpeed would begin with the start in bf16: a training that hardly moves shows it."""
    from safetensors.torch import load_file

    by_one = by_two(config, port)
    by_one["deepspeed"]["gpus"] = 1
    settings = sft.Trl(device="cpu", precision="bf16", batch_size=4, **by_one)
    schedule = Schedule(epochs=1, learning_rate=1e-7)
    sft.sft_train(EXAMPLES, [], tiny_checkpoint, tmp_path / "new", schedule, settings, 7)
    before, after = (
        load_file(folder / "model.safetensors") for folder in (tiny_checkpoint, tmp_path / "new")
    )
    moved = max(float((before[key] - after[key]).abs().max()) for key in before)
    rounded = max(float((before[key] - before[key].bfloat16()).abs().max()) for key in before)
    assert 0 < moved < 1e-6 < rounded


# --- commands as built -----------------------------------------------------------------------


def built(**params: Any) -> list[str]:
    """The command line of a launch, without the interpreter's folder and the job."""
    line = launching.command(sft.Trl(**params), "plugins.sft.trl", Path("job.json"))
    assert Path(line[0]).parent == Path(sys.executable).parent
    assert line[-1] == str(Path("job.json").resolve())
    return [Path(line[0]).name, *line[1:-1]]


def test_four_gpus() -> None:
    deepspeed = "deepspeed --no_local_rank"
    module = "--module plugins.sft.trl"
    four = {"gpus": 4, "port": 29777}
    assert built(launcher="deepspeed", deepspeed=four) == (
        f"{deepspeed} --num_gpus 4 --master_port 29777 {module}".split()
    )
    chosen = {"gpus": [0, 1, 4, 5]}
    assert built(launcher="deepspeed", deepspeed=chosen) == (
        f"{deepspeed} --include localhost:0,1,4,5 --master_port 29500 {module}".split()
    )
    assert built(launcher="accelerate", accelerate=chosen) == (
        "accelerate launch --multi_gpu --num_processes 4 --gpu_ids 0,1,4,5 "
        f"--main_process_port 29500 {module}".split()
    )


@pytest.mark.parametrize("gpus", [1, [3]])
def test_accelerate_takes_one_gpu(gpus: Any) -> None:
    """With `--multi_gpu` and one process it would refuse to start."""
    from accelerate.commands.launch import _validate_launch_command, launch_command_parser

    line = built(launcher="accelerate", accelerate={"gpus": gpus})
    told = launch_command_parser().parse_args([*line[2:], "job.json"])
    assert _validate_launch_command(told)[0].num_processes == 1


def test_two_machines(tmp_path: Path) -> None:
    hosts = tmp_path / "hosts"
    hosts.write_text("# the left rack\nworker-1 slots=4\n\nworker-2 slots=4\n")
    whole: dict[str, Any] = {"hostfile": hosts}
    assert built(launcher="deepspeed", deepspeed=whole) == (
        f"deepspeed --no_local_rank --hostfile {hosts} --master_port 29500 "
        "--module plugins.sft.trl".split()
    )
    some = {"hostfile": hosts, "gpus": [2, 3]}
    assert "worker-1:2,3@worker-2:2,3" in built(launcher="deepspeed", deepspeed=some)


def test_deepspeed_reads_the_machines_as_meant(tmp_path: Path) -> None:
    from deepspeed.launcher import runner

    hosts = tmp_path / "hosts"
    hosts.write_text("worker-1 slots=4\nworker-2 slots=4\n")
    line = built(launcher="deepspeed", deepspeed={"hostfile": hosts, "gpus": [2, 3]})
    told = runner.parse_args([*line[1:], "job.json"])
    machines = runner.fetch_hostfile(told.hostfile)
    active = runner.parse_inclusion_exclusion(machines, told.include, told.exclude)
    assert dict(active) == {"worker-1": [2, 3], "worker-2": [2, 3]}
    assert (told.user_script, told.module) == ("plugins.sft.trl", True)
    assert told.user_args == ["job.json"]


@pytest.mark.parametrize("launcher", ["deepspeed", "accelerate"])
def test_a_missing_file_of_settings_is_named_before_anything_runs(launcher: str) -> None:
    params = {"launcher": launcher, launcher: {"config": "nowhere.json"}}
    with pytest.raises(SettingsError, match=rf"{launcher}\.config: there is no file nowhere\.json"):
        built(**params)


@pytest.mark.parametrize("launcher", ["local", "deepspeed"])
def test_a_training_without_a_gpu_is_told_so(
    monkeypatch: pytest.MonkeyPatch, launcher: str
) -> None:
    """It keeps its memory, unless the user has decided otherwise; DeepSpeed takes the CPU."""
    for name in ("DS_ACCELERATOR", *KEPT_MEMORY):
        monkeypatch.delenv(name, raising=False)
    here = launching.environment(Settings())
    params = sft.Trl(launcher=launcher, device="cpu")
    device = {"DS_ACCELERATOR": "cpu"} if launcher == "deepspeed" else {}
    assert launching.environment(params) == {**here, **KEPT_MEMORY, **device}
    monkeypatch.setenv("MALLOC_MMAP_THRESHOLD_", "1")
    assert launching.environment(params)["MALLOC_MMAP_THRESHOLD_"] == "1"
    monkeypatch.setattr(launching, "on_cpu", lambda settings: False)
    assert launching.environment(params) == {**here, "MALLOC_MMAP_THRESHOLD_": "1"}


# --- the shipped settings of DeepSpeed -----------------------------------------------------------

OWNED = {
    "train_micro_batch_size_per_gpu",
    "gradient_accumulation_steps",
    "train_batch_size",
    "gradient_clipping",
}
"""What the trainer decides. Optimizer and schedule are the trainer's too: they may not stand there
at all, or DeepSpeed would compile its own.
"""


@pytest.mark.parametrize("file", sorted((ROOT / "configs/deepspeed").glob("*.json")), ids=str)
def test_what_the_trainer_owns_is_left_to_it(file: Path) -> None:
    settings = json.loads(file.read_text())
    assert {key for key in OWNED if settings[key] == "auto"} == OWNED
    assert settings["bf16"] == settings["fp16"] == {"enabled": "auto"}
    assert not {"optimizer", "scheduler"} & settings.keys()
    zero = settings["zero_optimization"]
    assert zero["stage"] == (2 if file.stem == "zero2" else 3)
    assert ("offload_param" in zero) is file.stem.endswith("offload")


@pytest.mark.parametrize("precision", ["bf16", "fp32"])
@pytest.mark.parametrize("file", sorted((ROOT / "configs/deepspeed").glob("*.json")), ids=str)
def test_transformers_finds_no_contradiction(file: Path, precision: str, tmp_path: Path) -> None:
    """It would raise and name the values that differ."""
    from transformers import TrainingArguments
    from transformers.integrations.deepspeed import HfTrainerDeepSpeedConfig

    owned: dict[str, Any] = {"batch_size": 3, "accumulation": 5, "max_grad_norm": 0.7}
    params = sft.Trl(**{**FP32, **owned, "precision": precision})
    told = hf_trainer.arguments(job(tmp_path, tmp_path), params, rows=40)
    told.pop("max_length")
    arguments = TrainingArguments(**told)
    config = HfTrainerDeepSpeedConfig(str(file))
    config.trainer_config_process(arguments)
    assert config.mismatches == []
    assert config.get_value("train_micro_batch_size_per_gpu") == 3
    assert config.get_value("gradient_accumulation_steps") == 5
    assert config.get_value("gradient_clipping") == 0.7
