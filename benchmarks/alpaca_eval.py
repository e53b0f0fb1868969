"""How near win rates at equal length come to those of AlpacaEval 2.

`python -m benchmarks.alpaca_eval CLONE`: a git clone (bare will do) of tatsu-lab/alpaca_eval on
GitHub, whose annotations and leaderboard are read from HEAD. Prints the mean distance from the
published length-controlled column, in points: of the plain win rate, of ours in words and in
characters, and with the difficulty of each instruction, known from all models or from a few others.
"""

import csv
import io
import json
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.difficulty import Judged, at_equal_length, difficulty
from meteor.evaluation.style import length_controlled

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


def judged(rows: Rows, places: Mapping[str, int]) -> Judged:
    """What AlpacaEval 2's regression sees of one model: the difference in characters over its
    standard deviation.
    """
    by = np.asarray(longer(rows, len), dtype=np.float64)
    return Judged(
        np.asarray([places[row["instruction"]] for row in rows]),
        np.tanh(by / (by.std(ddof=1) or 1.0)),
        np.asarray([float(row["preference"]) - 1 for row in rows]),
    )


def figures(rows: Rows) -> list[float]:
    """The plain win rate, and ours in words and in characters, from 0 to 1; not a number where one
    side is nearly always longer.
    """
    shares = [float(row["preference"]) - 1 for row in rows]
    levels = [length_controlled(shares, longer(rows, by)) for by in (lambda t: len(t.split()), len)]
    known = [one.value for one in levels if one]
    return [float(np.mean(shares)), *known] if len(known) == len(levels) else [np.nan] * 3


def main() -> None:
    """Print the mean distances, and how many models have a figure."""
    known = list(models(Path(sys.argv[1])))
    published = np.asarray([figure for figure, _ in known])
    names = dict.fromkeys(row["instruction"] for _, rows in known for row in rows)
    places = {name: place for place, name in enumerate(names)}
    every = [judged(rows, places) for _, rows in known]
    ours = np.asarray([figures(rows) for _, rows in known])
    kept = ~np.isnan(ours).any(axis=1)
    print(f"{len(known)} models, of which {kept.sum()} have a figure of ours; distance in points:")
    off = np.abs(100 * ours - published[:, None])[kept].mean(axis=0)
    for name, distance in zip(("plain", "ours in words", "in characters"), off, strict=True):
        print(f"{name:32} {distance:5.2f}")
    ease = difficulty(every, len(places))
    found = np.abs([100 * at_equal_length(one, ease) for one in every] - published)
    print(
        f"{'difficulty from all models':32} {found[kept].mean():5.2f} ({found.mean():.2f} of all)"
    )
    for number in (2, 4, 8, 16):
        rng, far = np.random.default_rng(number), []
        for _ in range(5):
            order = rng.permutation(len(every))
            ease = difficulty([every[place] for place in order[:number]], len(places))
            others = [place for place in order[number:] if kept[place]]
            far += [abs(100 * at_equal_length(every[p], ease) - published[p]) for p in others]
        print(f"{f'difficulty from {number} other models':32} {np.mean(far):5.2f}")


if __name__ == "__main__":
    main()
