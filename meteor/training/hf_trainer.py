"""What both TRL trainers share: arguments, the order of the rows, the run and its report.

Everything here but `resumes` runs in the training process (see `meteor.training.process`).
"""

import math
import os
import time
from collections.abc import Iterator, Sequence
from typing import Any, TypeVar

from meteor.core.errors import MeteorError
from meteor.core.settings import Schedule
from meteor.models.encoding import load_tokenizer
from meteor.training import checkpoint, resuming
from meteor.training.guards import check_vocabulary
from meteor.training.jobs import Job, Report, Step
from meteor.training.launching import on_cpu, tell_progress
from meteor.training.settings import TrainerSettings
from meteor.training.usage import Meter

P = TypeVar("P", bound=TrainerSettings)


def resumes(params: TrainerSettings, rows: int, schedule: Schedule) -> bool:
    """Whether the training is long enough to write a state that it could go on from."""
    a_step = params.batch_size * params.accumulation
    return bool(params.save_steps) and rows * schedule.epochs / a_step > (params.save_steps or 0)


def prepare(params: P) -> P:
    """First of all: refuse what cannot be, and tell DeepSpeed where there is no GPU; the settings
    as they act on this machine.
    """
    params = params.on_this_machine()
    if on_cpu(params):
        os.environ["DS_ACCELERATOR"] = "cpu"
    if on_cpu(params) and (params.precision == "fp16" or params.liger):
        raise MeteorError("precision fp16 and liger need a GPU: take bf16 or fp32, and no liger")
    if params.liger:
        _require_liger()
    if params.launcher == "deepspeed" and on_cpu(params):
        import deepspeed
        from deepspeed.ops import __compatible_ops__

        __compatible_ops__["deepspeed_shm_comm"] = False  # or it compiles one
        deepspeed.init_distributed("gloo", auto_mpi_discovery=False)
    return params


def end_engine(engine: Any) -> None:
    """Take DeepSpeed's hooks off a model that computed something before its training: the
    training's own engine would find them there, and under ZeRO-3 stumble over them.
    """
    engine.empty_partition_cache()
    engine.destroy()
    engine.module_forward_pre_hook.remove()
    engine.module_forward_post_hook.remove()


def _require_liger() -> None:
    from importlib.util import find_spec

    if find_spec("liger_kernel") is None:
        raise MeteorError("liger: the package liger-kernel is not installed")


def load_start(job: Job, params: TrainerSettings) -> tuple[Any, Any]:
    """Tokenizer and weights to start from; call it after the trainer's arguments are made, which
    tell transformers how to spread the weights. What is trained is fp32: in bf16, steps of a
    small learning rate are rounded away.
    """
    tokenizer = load_tokenizer(job.start, params.trust_remote_code)
    model = checkpoint.load(job, params)
    check_vocabulary(job.start, tokenizer, model)
    return tokenizer, model


def arguments(job: Job, params: TrainerSettings, rows: int) -> dict[str, Any]:
    """The arguments that SFTConfig and DPOConfig share, for a training on `rows` rows."""
    deepspeed = str(params.deepspeed.config) if params.launcher == "deepspeed" else None
    return {
        "output_dir": str(job.states or job.checkpoint.parent / "trainer"),
        "num_train_epochs": job.schedule.epochs,
        "learning_rate": job.schedule.learning_rate,
        "per_device_train_batch_size": params.batch_size,
        "per_device_eval_batch_size": params.batch_size,
        "gradient_accumulation_steps": params.accumulation,
        # A share would be rounded up, and a warm-up begins with learning rate 0: a training of
        # one step would learn nothing.
        "warmup_steps": int(params.warmup * due(params, rows, job.schedule)),
        "lr_scheduler_type": params.scheduler,
        "optim": params.optimizer,
        "weight_decay": params.weight_decay,
        "max_grad_norm": params.max_grad_norm,
        "max_length": None,  # rows are fitted before, and those that cannot be are counted
        "activation_checkpointing": params.gradient_checkpointing,
        "use_liger_kernel": params.liger,
        "bf16": params.precision == "bf16",
        "fp16": params.precision == "fp16",
        "deepspeed": deepspeed,
        "use_cpu": on_cpu(params),
        "dataloader_pin_memory": not on_cpu(params),
        "seed": job.seed,
        "data_seed": job.seed,
        "logging_steps": 1,
        "logging_nan_inf_filter": False,  # or a loss that is not a number is shown as 0.0
        "save_strategy": "steps" if job.states else "no",
        "save_steps": params.save_steps or 0,
        "save_total_limit": 1,
        "report_to": "none",
        "disable_tqdm": True,
    }


def due(params: TrainerSettings, rows: int, schedule: Schedule) -> int:
    """The optimizer steps of a training on `rows` rows."""
    return math.ceil(steps_an_epoch(params, rows) * schedule.epochs)


def steps_an_epoch(params: TrainerSettings, rows: int) -> int:
    """The optimizer steps that see every row once; the last may see fewer rows."""
    processes = int(os.environ.get("WORLD_SIZE", "1"))
    return math.ceil(math.ceil(rows / (params.batch_size * processes)) / params.accumulation)


def adapters(job: Job, params: TrainerSettings) -> Any:
    """The PEFT configuration of a new adapter, or None where all weights are trained, or the
    start's own adapter.
    """
    if params.method == "full" or checkpoint.goes_on(job, params):
        return None
    from peft import LoraConfig

    return LoraConfig(
        r=params.lora.r,
        lora_alpha=params.lora.alpha,
        lora_dropout=params.lora.dropout,
        target_modules="all-linear",
        task_type="CAUSAL_LM",
    )


def by_length(trainer: Any, params: TrainerSettings, lengths: Sequence[int]) -> Any:
    """A sampler that puts rows of like length into the same batch. The order hangs on the seed
    and the epoch alone, so that a resumed training sees what it would have seen.
    """
    import torch
    from transformers.trainer_pt_utils import get_length_grouped_indices

    args = trainer.args
    size = args.train_batch_size * args.gradient_accumulation_steps

    class ByLength(torch.utils.data.Sampler):  # type: ignore[misc]
        def __len__(self) -> int:
            return len(lengths)

        def __iter__(self) -> Iterator[int]:
            batches = math.ceil(len(lengths) / (args.train_batch_size * args.world_size))
            epoch = trainer.state.global_step // math.ceil(
                batches / args.gradient_accumulation_steps
            )
            order = torch.Generator().manual_seed(args.data_seed + epoch)
            return iter(get_length_grouped_indices(list(lengths), size, generator=order))

    return ByLength()


def run(
    trainer: Any,
    tokenizer: Any,
    job: Job,
    params: TrainerSettings,
    fitted: Report,
    lengths: Sequence[int],
) -> Report | None:
    """Train, write the checkpoint and complete the report, which says already what became of the
    rows, of `lengths` tokens each; None in all processes but the first.
    """
    state = resuming.last_state(job.states) if job.states else None
    for weights in trainer.model.parameters():
        if weights.requires_grad:
            weights.data = weights.data.float()  # TRL makes adapters over 4-bit weights bf16
    trainer.add_callback(_progress())
    if trainer.is_deepspeed_enabled and params.method == "full" and not state:
        trainer.add_callback(_restoring(trainer, job, params))
    meter = Meter(trainer, lengths, resumed_at=int(state.name.split("-")[1]) if state else 0)
    started = time.monotonic()
    trainer.train(resume_from_checkpoint=str(state) if state else None)
    seconds = time.monotonic() - started
    checkpoint.write(trainer, tokenizer, job, params)
    usage = meter.read(seconds)
    _leave()
    if not trainer.is_world_process_zero():
        return None
    steps, epochs = _losses(trainer, "loss"), job.schedule.epochs
    due_steps = due(params, len(trainer.train_dataset), job.schedule)
    if _stopped_early(trainer):
        due_steps, epochs = len(steps), trainer.state.epoch
    # model_copy does not validate: a loss that is not finite has to reach the guard outside.
    return fitted.model_copy(
        update={
            "epochs": epochs,
            "steps": steps,
            "held_out": _losses(trainer, "eval_loss"),
            "due": due_steps,
            "seconds": seconds,
            "usage": usage,
        }
    )


def _leave() -> None:
    """The end of a training of several processes, which all reach together."""
    import torch

    if torch.distributed.is_initialized():
        torch.distributed.barrier()
        torch.distributed.destroy_process_group()


def _restoring(trainer: Any, job: Job, params: TrainerSettings) -> Any:
    from transformers import TrainerCallback

    class Restoring(TrainerCallback):  # type: ignore[misc]
        def on_train_begin(self, *_: Any, **__: Any) -> None:
            checkpoint.restore(trainer, job, params)

    return Restoring()


def _progress() -> Any:
    from transformers import TrainerCallback

    class Progress(TrainerCallback):  # type: ignore[misc]
        def on_train_begin(self, args: Any, state: Any, control: Any, **_: Any) -> None:
            if state.is_world_process_zero:
                tell_progress(state.global_step, state.max_steps)

        def on_step_end(self, args: Any, state: Any, control: Any, **_: Any) -> None:
            self.on_train_begin(args, state, control)
            if state.global_step >= state.max_steps and args.eval_strategy != "no":
                control.should_evaluate = True  # the last weights may be the best ones

    return Progress()


def _losses(trainer: Any, key: str) -> tuple[Step, ...]:
    entries = [entry for entry in trainer.state.log_history if key in entry]
    return tuple(Step.model_construct(step=e["step"], loss=e[key]) for e in entries)


def _stopped_early(trainer: Any) -> bool:
    from transformers import EarlyStoppingCallback

    patient = any(isinstance(c, EarlyStoppingCallback) for c in trainer.callback_handler.callbacks)
    return patient and trainer.state.global_step < trainer.state.max_steps
