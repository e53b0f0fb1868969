"""FSDP2: accelerate takes the file that ships, and what is spread is written whole. Accelerate
spreads over GPUs alone, so that two processes on a CPU spread a model by torch itself.
"""

import os
import subprocess
from pathlib import Path
from typing import Any

import pytest

from meteor.training import launching
from plugins.sft import trl as sft
from tests.conftest import ROOT

CONFIG = ROOT / "configs/accelerate/fsdp2.yaml"
SPREAD = """
import sys
from pathlib import Path
from types import SimpleNamespace

import torch
from torch.distributed.fsdp import fully_shard

from meteor.models.encoding import load_model, load_tokenizer
from meteor.training import checkpoint
from plugins.sft import trl as sft
from tests.training.trained import FP32, job

start, root, *forms = sys.argv[1:]
torch.distributed.init_process_group("gloo")
rank = torch.distributed.get_rank()


def write(folder, method, form):
    torch.manual_seed(0)
    model = load_model(Path(start), "float32", "cpu")
    if method == "lora":
        from peft import LoraConfig, get_peft_model

        told = LoraConfig(r=8, lora_alpha=16, target_modules="all-linear", init_lora_weights=False)
        model = get_peft_model(model, told)
    for layer in model.modules():
        if type(layer).__name__ == "LlamaDecoderLayer":
            fully_shard(layer)
    fully_shard(model)
    with torch.no_grad():
        for weights in model.parameters():
            if weights.requires_grad:
                weights.add_(1.0)  # each process on its share
    trainer = SimpleNamespace(
        model=model,
        is_deepspeed_enabled=False,
        is_fsdp_enabled=True,
        is_world_process_zero=lambda: rank == 0,
        accelerator=SimpleNamespace(wait_for_everyone=torch.distributed.barrier),
    )
    params = sft.Trl(**FP32, method=method, checkpoint=form, lora={"r": 8, "alpha": 16})
    checkpoint.write(trainer, load_tokenizer(Path(start)), job(Path(start), folder), params)


for form in forms:
    write(Path(root) / form, *form.split())
torch.distributed.destroy_process_group()
"""


def test_accelerate_accepts_the_file_that_ships() -> None:
    """By its own parser, its own check, and the plugin that it makes of the environment."""
    from accelerate.commands.launch import _validate_launch_command, launch_command_parser
    from accelerate.utils import FullyShardedDataParallelPlugin
    from accelerate.utils.launch import prepare_multi_gpu_env

    settings = sft.Trl(launcher="accelerate", accelerate={"config": CONFIG, "gpus": 4})
    line = launching.command(settings, "plugins.sft.trl", Path("job.json"))
    told, _, _ = _validate_launch_command(launch_command_parser().parse_args(line[2:]))
    assert told.use_fsdp and told.num_processes == 4 and told.mixed_precision == "no"
    with pytest.MonkeyPatch.context() as patch:
        for name, value in prepare_multi_gpu_env(told).items():
            patch.setenv(name, value)
        plugin = FullyShardedDataParallelPlugin()
    assert plugin.fsdp_version == 2 and plugin.reshard_after_forward is True
    assert "SHARDED" in str(plugin.state_dict_type)


FORMS = ("full merged", "lora merged", "lora adapter")


@pytest.fixture(scope="module")
def spread(tiny_checkpoint: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with what two processes have written in each form, as torchrun starts a training on
    one machine.
    """
    folder = tmp_path_factory.mktemp("spread")
    (folder / "spread.py").write_text(SPREAD)
    settings = sft.Trl(launcher="torchrun", torchrun={"gpus": 2}, device="cpu")
    *torchrun, module, _, _ = launching.command(settings, "plugins.sft.trl", Path("job.json"))
    assert module == "--module"
    line = [*torchrun, str(folder / "spread.py"), str(tiny_checkpoint), str(folder), *FORMS]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(line, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return folder


@pytest.mark.slow
@pytest.mark.parametrize("form", FORMS)
def test_what_two_processes_hold_is_written_whole(
    tiny_checkpoint: Path, spread: Path, form: str
) -> None:
    """As the same weights of one process would be, each with 1 added to what learns."""
    from safetensors.torch import load_file

    method, kind = form.split()
    out = spread / form / "checkpoint"
    if kind == "adapter":
        import torch

        learned = load_file(out / "adapter_model.safetensors")
        assert learned and all(weights.shape for weights in learned.values())
        mean = torch.cat([w.flatten() for k, w in learned.items() if "lora_B" in k]).mean()
        assert float(mean) == pytest.approx(1.0, abs=0.1), "a share of the weights is missing"
        return
    before, after = (load_file(folder / "model.safetensors") for folder in (tiny_checkpoint, out))
    moved: dict[str, Any] = {name: after[name] - weights for name, weights in before.items()}
    assert after.keys() == before.keys()
    if method == "full":
        for name, by in moved.items():
            assert by.allclose(by.new_ones(by.shape), atol=1e-5), name
    else:
        layers = {name for name, by in moved.items() if by.abs().max() > 0.1}
        assert layers == {name for name in before if "_proj" in name}
