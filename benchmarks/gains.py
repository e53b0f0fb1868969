"""What the phases gain, over seeds: `python -m benchmarks.gains`, the tables of docs/gains.md.

It reads who answered what rightly, from docs/gains/*.csv: a line a held-out question, a column a
checkpoint and seed. `python -m benchmarks.gains FILE FOLDER …` writes such a file from projects in
which `meteor preset text-to-sql` and its controls ran, each with a seed of its own.
"""

import csv
import json
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from statistics import mean

from meteor.core.params import load_params
from meteor.evaluation.intervals import difference_interval, share_interval
from meteor.evaluation.significance import holm, paired

RECORDED = sorted(Path("docs/gains").glob("*.csv"))
STEPS = (("r1", "sft"), ("r2", "r1"), ("r2", "sft"), ("t1", "r2"))
CONTROLS = (("r2", "more"), ("r2", "flat"), ("more", "sft"))
FRESH = (("majority", "sft"), ("majority", "greedy"), ("majority", "more"), ("greedy", "sft"))
BLANK = "-"

Marks = Mapping[str, Mapping[str, Sequence[bool]]]
"""Of each checkpoint by seed: whether each question was answered rightly."""


def main() -> None:
    """Print the tables of each set, or write the file of one."""
    if len(sys.argv) > 1:
        write(Path(sys.argv[1]), [Path(name) for name in sys.argv[2:]])
        return
    for file in RECORDED:
        marks = read(file)
        print(f"\n{file.stem}\n")
        for line in (*shares(marks), "", *gains(marks, STEPS), "", *gains(marks, CONTROLS)):
            print(line)
        if "majority" in marks:
            print("", *gains(marks, FRESH), sep="\n")


def read(file: Path) -> Marks:
    """A recorded set; a checkpoint that a seed has not is left out of that seed."""
    with file.open(encoding="utf-8", newline="") as lines:
        rows = list(csv.DictReader(lines))
    marks: dict[str, dict[str, list[bool]]] = {}
    for column in list(rows[0])[1:]:
        name, seed = column.split("@")
        marks.setdefault(name, {})[seed] = [row[column] == "1" for row in rows]
    return marks


def shares(marks: Marks) -> list[str]:
    """A line a checkpoint: right answers by seed, and the mean share with its interval."""
    lines = []
    for name, seeds in marks.items():
        by_question = [mean(marked) for marked in zip(*seeds.values(), strict=True)]
        low, high = share_interval(by_question)
        right = ", ".join(str(sum(marked)) for marked in seeds.values())
        lines.append(f"| {name} | {right} | {mean(by_question):.0%} ({low:.0%} to {high:.0%}) |")
    return lines


def gains(marks: Marks, pairs: Sequence[tuple[str, str]]) -> list[str]:
    """A line a difference: points with their interval over the questions, p by exchanging signs,
    Holm's over these lines, the difference of each seed, and the interval over the seeds alone.
    """
    told = []
    for ours, theirs in pairs:
        seeds = [seed for seed in marks[ours] if seed in marks[theirs]]
        means = [
            [mean(marked) for marked in zip(*(marks[name][seed] for seed in seeds), strict=True)]
            for name in (ours, theirs)
        ]
        by_seed = [sum(marks[ours][seed]) - sum(marks[theirs][seed]) for seed in seeds]
        among_seeds = difference_interval([apart / len(means[0]) for apart in by_seed])
        told.append((f"{ours} over {theirs}", paired(*means), by_seed, among_seeds))
    adjusted = holm([found.p for _, found, *_ in told])
    return [
        f"| {title} | {points(found.mean)} ({' to '.join(map(points, found.interval))}) | "
        f"{BLANK if p is None else f'{p:.2g}'} | {', '.join(f'{seed:+}' for seed in by_seed)} | "
        f"{' to '.join(map(points, among_seeds))} |"
        for (title, found, by_seed, among_seeds), p in zip(told, adjusted, strict=True)
    ]


def points(share: float | None) -> str:
    """In hundredths."""
    return BLANK if share is None else f"{100 * share:+.1f}"


def write(out: Path, projects: Sequence[Path]) -> None:
    """Who answered what rightly, from the verdicts of each project."""
    columns: dict[str, dict[str, int]] = {}
    for project in projects:
        seed = load_params(project / "params.yaml").seed
        for file in sorted((project / "data/verdicts").glob("*.jsonl")):
            told = map(json.loads, file.read_text(encoding="utf-8").splitlines())
            columns[f"{file.stem}@{seed}"] = {row["id"]: int(bool(row["passed"])) for row in told}
    ids = sorted(set().union(*columns.values()))
    with out.open("w", encoding="utf-8", newline="") as lines:
        table = csv.writer(lines, lineterminator="\n")
        table.writerow(["id", *columns])
        table.writerows([row, *(marked[row] for marked in columns.values())] for row in ids)


if __name__ == "__main__":
    main()
