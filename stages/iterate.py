"""Iterate: draft, advice, revision, and learning from what was accepted (paper, section 3.2).

Reads the training questions, the dev questions of the gate and the checkpoint that the round
starts from; writes every attempt at every question, and the checkpoint that the round ends with.
"""

import shutil
from pathlib import Path

from meteor import prompts
from meteor.core.choice import choose
from meteor.core.jsonl import read_records, write_json, write_records
from meteor.core.params import Params
from meteor.core.records import (
    Advice,
    Attempt,
    Completion,
    Draft,
    Prompt,
    Question,
    Refinement,
)
from meteor.core.roles import Plugin, load_role
from meteor.gate import open_gate
from meteor.running.stage import Tally, run_stage, tally
from meteor.training.learner import Learner


def iterate(
    params: Params,
    questions: Path,
    dev: Path,
    start: Path,
    name: str,
    out: Path,
    checkpoint: Path,
    losses: Path,
    metrics: Path,
    summary: Path,
) -> None:
    student, advisor = load_role("student", params), load_role("advisor", params)
    chosen = choose(
        read_records(questions, Question), params.iterate.questions, f"{params.seed}/{name}"
    )
    count = tally(params, f"iterate@{name}", rows_in=len(chosen))
    gate = open_gate(student, params.gate, dev)
    learner = Learner(load_role("sft", params), params, start, checkpoint, gate)
    for left in checkpoint.parent.glob(f"{checkpoint.name}.*.partial"):
        shutil.rmtree(left)  # by a round that was killed
    refined: list[Refinement] = []
    try:
        for first in range(0, len(chosen), params.iterate.in_flight):
            group = chosen[first : first + params.iterate.in_flight]
            rows = refine(group, student, advisor, learner, params, count)
            refined += rows
            learner.take([row for row in rows if row.accepted])
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
    params: Params,
    count: Tally,
) -> list[Refinement]:
    """Draft each question, and revise along the advice until it is accepted or tries are spent.

    An answer cut off by the token limit is never accepted: it would teach the student not to end.
    """
    attempts: dict[str, list[Attempt]] = {question.id: [] for question in group}
    asked: dict[str, Prompt] = {question.id: prompts.answer(question) for question in group}
    by_id = {question.id: question for question in group}
    alive = set(by_id)
    for _ in range(params.iterate.max_iterations):
        written = {
            prompt.id: completion
            for prompt, completion in count.ask(
                student,
                "student_generate",
                list(asked.values()),
                Completion,
                prompts=list(asked.values()),
                checkpoint=learner.weights,
                decoding=params.iterate.decoding,
                seed=params.seed,
            )
        }
        drafts = [Draft(id=i, question=by_id[i], text=done.text) for i, done in written.items()]
        advised = {
            draft.id: (draft, advice)
            for draft, advice in count.ask(advisor, "advisor_advise", drafts, Advice, drafts=drafts)
        }
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
    )


if __name__ == "__main__":
    run_stage(iterate)
