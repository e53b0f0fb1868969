"""Report: one page that shows how the model evolved, why to believe it, and what it says.

Reads the held-out questions, all answers, judgements and refinements, and what the stages say of
their rows and losses; writes one HTML file that needs no network.
"""

from pathlib import Path

from meteor.core.params import Params
from meteor.core.stage import run_stage
from meteor.lineage import read_lineage
from meteor.report.gathering import Paths
from meteor.report.page import write_report


def report(
    params: Params,
    questions: Path,
    answers: Path,
    judgements: Path,
    refinements: Path,
    rows: Path,
    training: Path,
    out: Path,
) -> None:
    paths = Paths(questions, answers, judgements, refinements, rows, training)
    write_report(paths, params.evaluate, list(params.rounds), read_lineage(), out)


if __name__ == "__main__":
    run_stage(report)
