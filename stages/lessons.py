"""Lessons: what a control of rounds learns, and for how long.

Reads the training questions, the answers of phase 1 and how they were learned, all refinements and
the checkpoint that it is a control of; writes examples, and the plan of their training.
"""

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from meteor.core.choice import choose_replay
from meteor.core.jsonl import read_records, write_json, write_records
from meteor.core.records import Distilled, Example, Question, Refinement
from meteor.models.model_card import CARD, ITERATIVE, STORY, read_front
from meteor.prompts import wording
from meteor.running.stage import Stage, run_stage
from meteor.running.tally import Tally
from meteor.training import refining
from meteor.training.controlling import Plan, as_many_steps, since
from meteor.training.refining import Words
from meteor.training.replay import replayed


def lessons(
    stage: Stage,
    questions: Path,
    distilled: Path,
    taught: Path,
    refinements: Path,
    of: Path,
    name: str,
    out: Path,
    plan: Path,
    summary: Path,
) -> None:
    params = stage.params
    control, example = params.controls.rounds[name], wording.example(params.domain)
    known = [example(r.question, r.answer, r.thought) for r in read_records(distilled, Distilled)]
    count, schedule, steps = stage.tally(0), params.iterate.schedule, None
    if control.kind == "gold":
        every = list(read_records(questions, Question))
        rows = [example(row, row.answer) for row in every if row.answer]
        schedule, count.rows_in = params.finetune.schedule, len(every)
        count.rows_out = len(rows)
        count.drop("the question has no accepted answer", len(every) - len(rows))
    else:
        trainings = since(read_front(of / CARD).get(STORY, []), control.start, of.name)
        if control.kind == "steps":
            steps = sum(training["steps"] for training in trainings)
            once = json.loads(taught.read_text(encoding="utf-8"))["trainings"][0]
            rows, schedule = known, as_many_steps(steps, once, schedule.learning_rate)
            count.rows_in = count.rows_out = len(rows)
        else:
            words = Words(wording.answer(params.domain), wording.revision(params.domain))
            found = list(_accepted(refinements, trainings, count))
            rows = list(_learned(found, params.iterate.learn, words))
            again = (len(found), params.iterate.replay, params.seed, name)
            rows += map(replayed, choose_replay(known, *again))
    count.close(summary, examples=len(rows), steps=steps, schedule=schedule.model_dump())
    write_records(out, rows)
    write_json(plan, Plan(kind=control.kind, schedule=schedule, steps=steps).model_dump())


def _accepted(
    refinements: Path, trainings: Sequence[dict[str, Any]], count: Tally
) -> Iterator[tuple[str, Refinement]]:
    """What the rounds accepted, each with the name of its round."""
    for training in trainings:
        if training["phase"] != ITERATIVE:
            continue
        its_round = training["checkpoint"]
        for row in read_records(refinements / f"{its_round}.jsonl", Refinement):
            count.rows_in += 1
            if row.accepted:
                count.rows_out += 1
                yield its_round, row
            else:
                count.drop("no answer was accepted", 1)


def _learned(
    accepted: Sequence[tuple[str, Refinement]], learn: str, words: Words
) -> Iterator[Example]:
    """The examples, as the rounds made them; a question may have been answered in several."""
    for its_round, row in accepted:
        for example in refining.lessons(row, learn, words):
            yield example.model_copy(update={"id": f"{example.id}@{its_round}"})


if __name__ == "__main__":
    run_stage(lessons)
