"""Results of public benchmarks beside the project's own: one file a checkpoint."""

import json
from pathlib import Path

from pydantic import ValidationError

from meteor.core.errors import MeteorError
from meteor.core.jsonl import explain
from meteor.core.records import Record
from meteor.evaluation.intervals import proportion_interval

SHARES = ("acc", "acc_norm", "exact_match", "em", "pass@1")
"""Metrics that are a share of right answers, and so have an interval."""


class Result(Record):
    """What one checkpoint reached in one task, and what shaped it."""

    task: str
    metric: str
    value: float
    questions: int
    shots: int
    chat: bool
    lm_eval: str

    def __str__(self) -> str:
        if self.metric not in SHARES:
            return f"{self.value:.3f}"
        low, high = proportion_interval(round(self.value * self.questions), self.questions)
        ends = (
            f" ({100 * low:.0f}-{100 * high:.0f})" if low is not None and high is not None else ""
        )
        return f"{100 * self.value:.0f}{ends}"


def benchmarks_beside(metrics: Path) -> Path:
    """The folder of the results, beside the metrics of a checkpoint."""
    return metrics.parent / "benchmarks"


def read_results(file: Path) -> dict[str, Result]:
    """The results of one checkpoint by task; none where there is no file yet."""
    if not file.exists():
        return {}
    try:
        rows = json.loads(file.read_text(encoding="utf-8"))
        return {task: Result.model_validate(row) for task, row in rows.items()}
    except ValidationError as error:
        raise MeteorError(f"{file}: {explain(error)}") from None
    except (OSError, ValueError, AttributeError) as error:
        raise MeteorError(f"{file}: cannot be read ({error})") from None


def results_table(folder: Path) -> list[str]:
    """A Markdown table, a line a checkpoint: shares in percent with their 95 % interval."""
    known = {file.stem: read_results(file) for file in sorted(folder.glob("*.json"))}
    tasks = {task: row for rows in known.values() for task, row in rows.items()}
    if not tasks:
        return []
    heads = [f"{task} ({row.metric}, {row.shots}-shot)" for task, row in tasks.items()]
    lines = [f"model | {' | '.join(heads)}", " | ".join(["---", *("---:" for _ in heads)])]
    for name, rows in known.items():
        lines.append(" | ".join([name, *(str(rows.get(task, "-")) for task in tasks)]))
    return lines
