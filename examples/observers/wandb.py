"""Weights & Biases: one run for each stage, those of one `dvc repro` in one group.

Copy it to `plugins/observer/wandb.py`, `pip install wandb`, list it under `observers`. The key
comes from WANDB_API_KEY or `wandb login`, the project from WANDB_PROJECT; with
WANDB_MODE=offline nothing is sent.
"""

from collections.abc import Mapping
from typing import Any

from meteor.core.params import Params
from meteor.plugin import hookimpl
from meteor.running.processes import run_name

_run: Any = None


@hookimpl
def stage_started(stage: str, params: Params) -> None:
    global _run
    import wandb

    config = params.model_dump(mode="json", exclude={"api"})
    _run = wandb.init(group=run_name(), name=stage, config=config)


@hookimpl
def checkpoint_written(report: Mapping[str, Any]) -> None:
    for step in report["steps"]:
        _run.log({"loss": step["loss"]})


@hookimpl
def stage_finished(seconds: float, summary: Mapping[str, Any]) -> None:
    _run.summary.update({**summary, "seconds": seconds})
    _run.finish()


@hookimpl
def stage_failed(error: str) -> None:
    _run.summary["error"] = error
    _run.finish(exit_code=1)
