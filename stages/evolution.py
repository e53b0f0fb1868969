"""Evolution: how the model changed over the phases, as tables for plots.

Reads all answers, judgements and refinements; writes one CSV for each plot.
"""

import csv
from collections.abc import Iterable, Sequence
from pathlib import Path

from meteor.core.jsonl import read_records, replacing
from meteor.core.params import Params
from meteor.core.records import DIMENSIONS, Answer, Judgement, Refinement
from meteor.core.stage import run_stage
from meteor.scores import summarise


def evolution(
    params: Params,
    answers: Path,
    judgements: Path,
    refinements: Path,
    dimensions: Path,
    phases: Path,
    acceptance: Path,
) -> None:
    table = {}
    base = list(read_records(judgements / "base.jsonl", Judgement))
    for name in params.evaluate:
        rows = list(read_records(answers / f"{name}.jsonl", Answer))
        judged = list(read_records(judgements / f"{name}.jsonl", Judgement))
        table[name] = summarise(rows, judged, base)
    _write(
        dimensions,
        ("model", "dimension", "score", "win_rate"),
        (
            (name, dimension, row[dimension], row[f"win_{dimension}"])
            for name, row in table.items()
            for dimension in DIMENSIONS
        ),
    )
    _write(
        phases,
        ("model", "overall", "nll", "words", "tflops"),
        (
            (name, row["overall"], row["nll"], row["words"], row["tflops"])
            for name, row in table.items()
        ),
    )
    _write(
        acceptance,
        ("round", "attempt", "accepted", "share"),
        (
            line
            for name in params.rounds
            for line in accepted_by(name, refinements / f"{name}.jsonl", params)
        ),
    )


def accepted_by(name: str, file: Path, params: Params) -> Iterable[tuple[str, int, int, float]]:
    """For each number of attempts, how many questions of a round were accepted by then."""
    rows = list(read_records(file, Refinement))
    for attempt in range(1, params.iterate.max_iterations + 1):
        done = sum(row.accepted and len(row.attempts) <= attempt for row in rows)
        yield name, attempt, done, round(done / max(len(rows), 1), 4)


def _write(file: Path, header: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    with replacing(file) as out:
        table = csv.writer(out, lineterminator="\n")
        table.writerow(header)
        table.writerows(rows)


if __name__ == "__main__":
    run_stage(evolution)
