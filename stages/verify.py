"""Verify: run or read a checkpoint's answers, to know which of them are right.

Reads answers; writes one verdict an answer, which says nothing where no verifier is chosen or the
question has no `check`.
"""

from pathlib import Path

from meteor.core.jsonl import read_records, write_records
from meteor.core.records import Answer, Draft
from meteor.running.stage import Stage, run_stage


def verify(stage: Stage, answers: Path, name: str, out: Path, summary: Path) -> None:
    verifier = stage.load("verifier")
    drafts = [
        Draft(id=row.id, question=row.question, text=row.text)
        for row in read_records(answers, Answer)
    ]
    count = stage.tally(len(drafts))
    verdicts = [verdict for _, verdict in count.verify(verifier, drafts)]
    count.rows_out = len(verdicts)
    known = [verdict.passed for verdict in verdicts if verdict.passed is not None]
    count.close(summary, checked=len(known), right=sum(known))
    write_records(out, verdicts)


if __name__ == "__main__":
    run_stage(verify)
