"""DVCLive: losses and progress as files that DVC and its editors show while a stage runs.

Writes one folder a stage below `dvclive/` in the workspace. Needs `pip install dvclive`.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from meteor.running.observers import hookimpl

_live: Any = None


@hookimpl
def stage_started(stage: str) -> None:
    global _live
    from dvclive.live import Live

    _live = Live(f"dvclive/{stage}", save_dvc_exp=False, dvcyaml=None, report=None)


@hookimpl
def rows_done(what: str, done: int, total: int) -> None:
    if done and (done == total or done % max(total // 100, 1) == 0):
        _live.summary[f"{what}/share"] = done / total
        _live.make_summary()


@hookimpl
def checkpoint_written(checkpoint: Path, report: Mapping[str, Any]) -> None:
    for step in report["steps"]:
        _live.log_metric("loss", step["loss"])
        _live.next_step()


@hookimpl
def stage_finished(seconds: float, summary: Mapping[str, Any]) -> None:
    numbers = {name: value for name, value in summary.items() if isinstance(value, (int, float))}
    _live.summary.update(numbers, seconds=seconds)
    _live.end()


@hookimpl
def stage_failed() -> None:
    _live.end()
