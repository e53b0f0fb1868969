"""Revise: wrong drafts of questions that phase 1 taught, and what they should have become.

Reads the distilled answers and the checkpoint that drafts; writes one revision for each question
that it answers wrongly: question, draft and advice, and the teacher's answer to learn.
"""

from pathlib import Path

from meteor.core.choice import choose_questions
from meteor.core.errors import MeteorError
from meteor.core.jsonl import read_records, write_records
from meteor.core.parts import verifies
from meteor.core.records import Attempt, Distilled, Draft, Example
from meteor.core.revisions import REVISED
from meteor.prompts import wording
from meteor.running.stage import Stage, run_stage
from meteor.training.refining import Looking
from meteor.verification.chosen import require_checks


def revise(
    stage: Stage, distilled: Path, checkpoint: Path, name: str, out: Path, summary: Path
) -> None:
    params, advisor = stage.params, stage.load("advisor")
    settings, seed = params.revise, params.seed
    every = read_records(distilled, Distilled)
    taught = choose_questions(every, settings.questions, seed, name)
    asking, revising = wording.answer(params.domain), wording.revision(params.domain)
    if verifies(params.advisor):
        require_checks("advisor", (row.question for row in taught))
    count = stage.tally(len(taught))
    looking = Looking(stage.load("student"), advisor, count)
    wrong: dict[str, Attempt] = {}
    right = taught
    for number in range(settings.drafts):
        if not right:
            break
        asked = [(row.question, asking(row.question)) for row in right]
        decoding = settings.sampling if number else settings.decoding
        attempts = looking.at(asked, checkpoint, decoding, seed + number, sampled=number > 0)
        wrong |= {key: attempt for key, attempt in attempts.items() if not attempt.correct}
        right = [row for row in right if row.id in attempts and row.id not in wrong]
    for row in right:
        count.reject(row.id, "no draft was wrong")
    answers = [
        Draft(id=row.id, question=row.question, text=row.answer)
        for row in taught
        if row.id in wrong
    ]
    told = {draft.id: said.correct for draft, said in count.advise(advisor, answers)}
    rows = []
    for row in taught:
        if told.get(row.id):
            prompt = revising(row.question, wrong[row.id])
            more = {"prompt": prompt, "answer": row.answer, "thought": row.thought}
            rows.append(Example(id=row.id + REVISED, **more))
        elif row.id in told:
            count.reject(row.id, "the advisor does not accept the teacher's answer")
    count.rows_out = len(rows)
    count.close(summary)
    if not rows:
        raise MeteorError(
            f"{name}: {checkpoint} left no wrong draft to revise; draw more (revise.drafts), or "
            f"take {name} out of `revisers`"
        )
    write_records(out, rows)


if __name__ == "__main__":
    run_stage(revise)
