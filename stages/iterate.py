"""Iterate: draft, advice, revision, and learning from what was accepted (paper, section 3.2).

Reads the training questions, the dev questions of the gate and the checkpoint that the round
starts from; writes every attempt at every question, and the checkpoint that the round ends with.
"""

import shutil
from pathlib import Path

from meteor import prompts
from meteor.core.choice import choose_questions
from meteor.core.jsonl import read_records, write_json, write_records
from meteor.core.records import (
    Advice,
    Attempt,
    Completion,
    Draft,
    Example,
    Prompt,
    Question,
    Refinement,
)
from meteor.core.roles import Plugin
from meteor.core.sections import Iterate
from meteor.running.stage import Stage, run_stage
from meteor.running.tally import Tally
from meteor.training.gate import open_gate
from meteor.training.learner import Learner


def iterate(
    stage: Stage,
    questions: Path,
    dev: Path,
    general: Path,
    start: Path,
    name: str,
    out: Path,
    checkpoint: Path,
    losses: Path,
    metrics: Path,
    summary: Path,
) -> None:
    params, student, advisor = stage.params, stage.load("student"), stage.load("advisor")
    settings = params.iterate
    rows = read_records(questions, Question)
    chosen = choose_questions(rows, settings.questions, params.seed, name)
    count = stage.tally(len(chosen))
    gate = open_gate(student, params.gate, dev, general)
    learner = Learner(
        trainer=stage.load("sft"),
        schedule=settings.schedule,
        seed=params.training_seed,
        interval=settings.finetune_interval,
        start=start,
        checkpoint=checkpoint,
        gate=gate,
    )
    for left in checkpoint.parent.glob(f"{checkpoint.name}.*.partial"):
        shutil.rmtree(left)  # by a round that was killed
    refined: list[Refinement] = []
    try:
        for first in range(0, len(chosen), settings.in_flight):
            group = chosen[first : first + settings.in_flight]
            done = refine(group, student, advisor, learner, settings, params.seed, count)
            refined += done
            learner.take([_example(row) for row in done if row.accepted])
        learner.finish()
        count.rows_out = len(refined)
        count.close(
            summary,
            accepted=sum(row.accepted for row in refined),
            attempts=sum(len(row.attempts) for row in refined),
            finetunes=learner.finetunes,
            **learner.curve.summary(),
            gate=gate.summary(),
        )
        learner.curve.write(losses)
        write_json(metrics, gate.metrics())
        write_records(out, refined)
        learner.write()
    finally:
        learner.clean()


def refine(
    group: list[Question],
    student: Plugin,
    advisor: Plugin,
    learner: Learner,
    settings: Iterate,
    seed: int,
    count: Tally,
) -> list[Refinement]:
    """Draft each question, and revise along the advice until it is accepted or tries are spent.
    An answer cut off by the token limit is never accepted: it would teach the student not to end.
    """
    attempts: dict[str, list[Attempt]] = {question.id: [] for question in group}
    asked: dict[str, Prompt] = {question.id: prompts.answer(question) for question in group}
    by_id = {question.id: question for question in group}
    alive = set(by_id)
    for _ in range(settings.max_iterations):
        ready = list(asked.values())
        drafted = count.generate(student, ready, learner.weights, settings.decoding, seed)
        written = {prompt.id: completion for prompt, completion in drafted}
        drafts = [Draft(id=i, question=by_id[i], text=done.text) for i, done in written.items()]
        advised = {draft.id: (draft, advice) for draft, advice in count.advise(advisor, drafts)}
        alive -= asked.keys() - advised.keys()
        asked = {}
        for identifier, (draft, advice) in advised.items():
            attempt = _attempt(written[identifier], advice)
            attempts[identifier].append(attempt)
            if not attempt.correct:
                asked[identifier] = prompts.revision(draft, attempt.advice)
        if not asked:
            break
    return [
        Refinement(
            id=question.id,
            question=question,
            attempts=tuple(attempts[question.id]),
            accepted=attempts[question.id][-1].correct,
            weights=learner.finetunes,
        )
        for question in group
        if question.id in alive
    ]


def _attempt(written: Completion, advice: Advice) -> Attempt:
    hints = [advice.advice] if advice.advice else []
    if written.finish_reason == "length":
        hints.append("Be shorter: the answer was cut off.")
    elif not written.text.strip():
        hints.append("Write an answer.")
    whole = written.finish_reason == "stop" and bool(written.text.strip())
    return Attempt(
        text=written.text,
        finish_reason=written.finish_reason,
        correct=advice.correct and whole,
        advice=" ".join(hints),
        thought=written.thought,
    )


def _example(row: Refinement) -> Example:
    return prompts.example(row.question, row.answer, row.attempts[-1].thought)


if __name__ == "__main__":
    run_stage(iterate)
