"""How near win rates at equal length come to those of AlpacaEval 2.

`python -m benchmarks.alpaca_eval CLONE`: a git clone (bare will do) of tatsu-lab/alpaca_eval on
GitHub, whose annotations and leaderboard are read from HEAD. Prints the mean distance from the
published length-controlled column, in points: of the plain win rate, of ours in words and in
characters, and of ours with the difficulty of each instruction beside it, which AlpacaEval 2 knows
from many models and a run of this project does not.
"""

import csv
import io
import json
import subprocess
import sys
from collections import defaultdict
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np

from meteor.evaluation.style import length_controlled, logistic

FOLDER = "src/alpaca_eval/leaderboards/data_AlpacaEval_2"
BOARD = f"{FOLDER}/weighted_alpaca_eval_gpt4_turbo_leaderboard.csv"
ANNOTATIONS = "results/{}/weighted_alpaca_eval_gpt4_turbo/annotations.json"
Rows = list[dict[str, Any]]


def shown(clone: Path, file: str) -> str:
    """A file of the clone's newest commit; empty where there is none."""
    words = ("git", "-C", str(clone), "show", f"HEAD:{file}")
    return subprocess.run(words, capture_output=True, text=True).stdout


def models(clone: Path) -> Iterator[tuple[float, Rows]]:
    """The published figure of each model that has its annotations, and these."""
    for row in csv.DictReader(io.StringIO(shown(clone, BOARD))):
        published = row.get("length_controlled_winrate")
        told = shown(clone, ANNOTATIONS.format(row[""])) if published else ""
        if told.startswith("["):
            yield float(published or 0), [one for one in json.loads(told) if one["preference"]]


def longer(rows: Rows, length: Callable[[str], int]) -> list[int]:
    """By how much the model's answer is the longer."""
    return [length(row["output_2"]) - length(row["output_1"]) for row in rows]


def difficulties(known: list[tuple[float, Rows]]) -> dict[str, float]:
    """How easily models win on each instruction: the log-odds of the mean share, about zero."""
    shares = defaultdict(list)
    for _, rows in known:
        for row in rows:
            shares[row["instruction"]].append(row["preference"] - 1)
    odds = {name: np.clip(np.mean(values), 0.02, 0.98) for name, values in shares.items()}
    levels = {name: float(np.log(share / (1 - share))) for name, share in odds.items()}
    middle = np.mean(list(levels.values()))
    return {name: level - float(middle) for name, level in levels.items()}


def figures(rows: Rows, easy: dict[str, float]) -> list[float]:
    """The four win rates, from 0 to 1; not a number where one side is nearly always longer."""
    shares = [float(row["preference"]) - 1 for row in rows]
    levels = [length_controlled(shares, longer(rows, by)) for by in (lambda t: len(t.split()), len)]
    if None in levels:
        return [np.nan] * 4
    by = np.asarray(longer(rows, len), dtype=np.float64)
    ease = np.asarray([easy[row["instruction"]] for row in rows])
    fit = logistic(
        np.stack([np.tanh(by / (by.std() or 1.0)), ease], axis=1), np.asarray(shares), None
    )
    level = 1 / (1 + np.exp(-(fit.weights[0] + fit.weights[2] * ease)))
    return [float(np.mean(shares)), *(one.value for one in levels if one), float(level.mean())]


def main() -> None:
    """Print the mean distances, and how many models have a figure."""
    known = list(models(Path(sys.argv[1])))
    easy = difficulties(known)
    found = np.asarray([[100 * v - p for v in figures(rows, easy)] for p, rows in known])
    kept = found[~np.isnan(found).any(axis=1)]
    for place, name in enumerate(("plain", "in words", "in characters", "with difficulty")):
        print(f"{name:16} {np.abs(kept[:, place]).mean():5.2f} points")
    print(f"{len(known)} models, {len(known) - len(kept)} without a figure")


if __name__ == "__main__":
    main()
