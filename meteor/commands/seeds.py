"""How far the results hang on the seed of the trainings: DVC's experiments, read for a table."""

import json
from collections.abc import Mapping, Sequence
from statistics import fmean, stdev
from typing import Any

from meteor.core.errors import MeteorError
from meteor.evaluation.intervals import Z

Row = Mapping[str, Any]
META = ("Experiment", "rev", "typ", "Created", "parent", "State", "Executor")
SEED = "training_seed"
FIGURES = {
    "overall": ("overall", 2, 1.0),
    "win_rate": ("win rate, %", 0, 100.0),
    "nll": ("NLL", 3, 1.0),
    "general_nll": ("general NLL", 3, 1.0),
}
ENDS = {"win_rate": ("win_low", "win_high")}


def between_seeds() -> list[str]:
    """The table of this workspace and of its experiments that differ in that seed alone. Raises
    MeteorError where there are none.
    """
    import dvc.api

    return spread(dvc.api.exp_show())


def spread(rows: Sequence[Row]) -> list[str]:
    """Mean and standard deviation of each figure over the seeds, in brackets the standard error
    between questions. `rows` are those of `dvc.api.exp_show`, the workspace first.
    """
    alike = {row[SEED]: row for row in reversed(rows) if _settings(row) == _settings(rows[0])}
    if len(alike) < 2:
        raise MeteorError(
            f"there is no experiment that differs from the workspace in {SEED} alone; run "
            f"`dvc exp run --queue -S '{SEED}=8,9'` and `dvc queue start` (docs/experiments.md)"
        )
    kept = [alike[seed] for seed in sorted(alike)]
    seeds = ", ".join(f"{seed:g}" for seed in sorted(alike))
    names = dict.fromkeys(
        key.rpartition("/")[2].partition(".json:")[0] for key in rows[0] if ".json:" in key
    )
    lines = [
        f"Seeds of the trainings {seeds}: mean ± standard deviation between seeds",
        "(in brackets the standard error between questions).",
        "",
        " | ".join(["model", *(title for title, _, _ in FIGURES.values())]),
        " | ".join(["---", *("---:" for _ in FIGURES)]),
    ]
    return lines + [" | ".join([name, *(_cell(name, f, kept) for f in FIGURES)]) for name in names]


def _settings(row: Row) -> str:
    """All settings but the seed; metrics and files stand under their paths."""
    kept = {key: v for key, v in row.items() if key not in (*META, SEED) and "/" not in key}
    return json.dumps(kept, sort_keys=True, default=str)


def _cell(name: str, figure: str, rows: Sequence[Row]) -> str:
    _, digits, times = FIGURES[figure]
    known = [value * times for row in rows if (value := _value(row, name, figure)) is not None]
    if len(known) < 2:
        return "-"
    told = f"{fmean(known):.{digits}f} ± {stdev(known):.{max(digits, 1)}f}"
    ends = [_value(rows[0], name, end) for end in ENDS.get(figure, ())]
    if len(ends) == 2 and None not in ends:
        low, high = (float(end or 0) * times for end in ends)
        told += f" ({(high - low) / (2 * Z):.{max(digits, 1)}f})"
    return told


def _value(row: Row, name: str, figure: str) -> float | None:
    found = next((v for key, v in row.items() if key.endswith(f"/{name}.json:{figure}")), None)
    return float(found) if isinstance(found, (int, float)) and found == found else None
