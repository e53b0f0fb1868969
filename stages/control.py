"""Control: hold answers that should win against some that should not, to see what the judge sees.

Reads base's answers with their judgements and verdicts, and labelled pairs; writes one preference
for each answer and each way of spoiling it, and for each pair.
"""

from pathlib import Path

from meteor.core.jsonl import read_records, write_records
from meteor.core.judgements import Judgement
from meteor.core.records import Answer
from meteor.core.verdicts import Verdict
from meteor.evaluation.comparing import prefer
from meteor.evaluation.controls import Labelled, controls, near, worthy
from meteor.evaluation.correctness import right
from meteor.running.stage import Stage, run_stage


def control(
    stage: Stage, answers: Path, judgements: Path, verdicts: Path, out: Path, summary: Path
) -> None:
    judge, seed, section = stage.load("judge"), stage.params.seed, stage.params.control
    judged = {row.id: row for row in read_records(judgements, Judgement)}
    known = right(read_records(verdicts, Verdict))
    real = worthy(list(read_records(answers, Answer)), judged, known)
    pairs = read_records(section.labelled, Labelled)
    matches = [
        *controls(real, section.answers, seed, section.repeat),
        *near(pairs, section.answers, seed, section.repeat),
    ]
    count = stage.tally(len(matches))
    preferences = [row for _, row in count.keep(prefer(judge, matches))]
    count.rows_out = len(preferences)
    count.close(summary)
    write_records(out, preferences)


if __name__ == "__main__":
    run_stage(control)
