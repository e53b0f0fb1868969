"""Report: one page that shows how the model evolved, why to believe it, and what it says.

Reads the held-out questions, all answers, verdicts and refinements, and what the stages say of
their rows and losses; writes one HTML file that needs no network.
"""

from pathlib import Path

from meteor.pipeline import read_lineage
from meteor.report.gathering import Paths
from meteor.report.page import write_report
from meteor.running.stage import Stage, log, run_stage


def report(
    stage: Stage,
    questions: Path,
    answers: Path,
    judgements: Path,
    preferences: Path,
    verdicts: Path,
    general: Path,
    refinements: Path,
    rows: Path,
    training: Path,
    strategies: Path,
    gates: Path,
    health: Path,
    quality: Path,
    out: Path,
) -> None:
    paths = Paths(
        questions=questions,
        answers=answers,
        judgements=judgements,
        preferences=preferences,
        likelihoods=general,
        verdicts=verdicts,
        refinements=refinements,
        rows=rows,
        training=training,
        strategies=strategies,
        gates=gates,
        health=health,
        quality=quality,
    )
    params = stage.params
    controls = {*params.controls.rounds, *params.controls.turns}
    run = write_report(
        paths, list(params.evaluate), list(params.rounds), controls, read_lineage(), out
    )
    for what in run.missing:
        log.info("report: not there yet: %s", what)
    log.info("report: %s written, %.1f MB", out, out.stat().st_size / 1e6)


if __name__ == "__main__":
    run_stage(report)
