"""General: what training on one domain costs the rest of the model.

Reads the general sample and a checkpoint; writes how likely the checkpoint finds each text. A
student that cannot tell leaves an empty file.
"""

from pathlib import Path

from meteor.core.general import general_examples
from meteor.core.jsonl import write_records
from meteor.core.records import Likelihood
from meteor.running.stage import Stage, log, run_stage


def general(
    stage: Stage, texts: Path, checkpoint: Path, name: str, out: Path, summary: Path
) -> None:
    student, examples = stage.load("student"), general_examples(texts)
    if not student.has("student_score"):
        log.warning("general: the student plugin %r cannot tell likelihoods", student.name)
        examples = []
    count = stage.tally(len(examples))
    asked = {"examples": examples, "checkpoint": checkpoint}
    found = [row for _, row in count.ask(student, "student_score", examples, Likelihood, **asked)]
    count.rows_out = len(found)
    count.close(summary)
    write_records(out, found)


if __name__ == "__main__":
    run_stage(general)
