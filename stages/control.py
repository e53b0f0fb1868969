"""Control: hold base's answers against spoilt ones, to see whether the judge can be believed.

Reads base's answers; writes one preference for each of them and each way of spoiling it.
"""

from pathlib import Path

from meteor.core.jsonl import read_records, write_records
from meteor.core.records import Answer
from meteor.evaluation.comparing import prefer
from meteor.evaluation.controls import controls
from meteor.running.stage import Stage, run_stage


def control(stage: Stage, answers: Path, out: Path, summary: Path) -> None:
    params, judge = stage.params, stage.load("judge")
    rows = list(read_records(answers, Answer))
    matches = controls(rows, params.control.answers, params.seed, params.control.repeat)
    count = stage.tally(len(matches))
    preferences = [row for _, row in count.keep(prefer(judge, matches))]
    count.rows_out = len(preferences)
    count.close(summary)
    write_records(out, preferences)


if __name__ == "__main__":
    run_stage(control)
