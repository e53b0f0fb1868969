"""MLflow: one run for each `dvc repro`, with losses, seconds and metrics of its stages.

Copy it to `plugins/observer/mlflow.py`, `pip install mlflow-skinny`, list it under `observers`.
MLFLOW_TRACKING_URI and MLFLOW_EXPERIMENT_NAME say where to.
"""

from collections.abc import Mapping
from typing import Any

from meteor.plugin import hookimpl
from meteor.running.processes import run_name


def _run() -> Any:
    """The run of a `dvc repro`: stages are processes of their own, so they find it by its tag."""
    import mlflow

    if mlflow.active_run() is None:
        name = run_name()
        known = mlflow.search_runs(filter_string=f"tags.meteor = '{name}'", output_format="list")
        if known:
            mlflow.start_run(run_id=known[0].info.run_id)
        else:
            mlflow.start_run(tags={"meteor": name})
    return mlflow


@hookimpl
def checkpoint_written(stage: str, report: Mapping[str, Any]) -> None:
    for step in report["steps"]:
        _run().log_metric(f"{stage.replace('@', '/')}/loss", step["loss"], step=step["step"])


@hookimpl
def stage_finished(stage: str, seconds: float, summary: Mapping[str, Any]) -> None:
    mlflow, name = _run(), stage.replace("@", "/")
    numbers = {key: value for key, value in summary.items() if isinstance(value, (int, float))}
    mlflow.log_metrics({f"{name}/{key}": value for key, value in numbers.items()})
    mlflow.log_metric(f"{name}/seconds", seconds)


@hookimpl
def stage_failed(stage: str, error: str) -> None:
    _run().set_tag(f"failed {stage.replace('@', '/')}", error[:500])
