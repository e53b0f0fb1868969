"""Iterate: draft, advice, revision, and learning from what was accepted (paper, section 3.2).

Reads the training questions, the answers of phase 1 (to replay), the dev questions of the gate and
the checkpoint that the round starts from; writes every attempt at every question, the questions
that no round has answered rightly yet, and the checkpoint that the round ends with.
"""

import shutil
from pathlib import Path

from meteor.core.jsonl import read_records, write_json, write_records
from meteor.core.parts import verifies
from meteor.core.records import Distilled, Question, Refinement
from meteor.models.history import read_history, write_history
from meteor.prompts import wording
from meteor.running.stage import Stage, run_stage
from meteor.training.gate import open_gate
from meteor.training.learner import Learner
from meteor.training.refining import Refining, Words, lessons
from meteor.verification.chosen import require_checks
from meteor.verification.right_answers import shifts


def iterate(
    stage: Stage,
    questions: Path,
    distilled: Path,
    dev: Path,
    general: Path,
    start: Path,
    name: str,
    out: Path,
    unsolved: Path,
    checkpoint: Path,
    losses: Path,
    metrics: Path,
    summary: Path,
) -> None:
    params, student, advisor = stage.params, stage.load("student"), stage.load("advisor")
    settings, history = params.iterate, read_history(start)
    every = list(read_records(questions, Question))
    chosen = history.for_round(name, params.rounds[name], settings, params.seed, every)
    if verifies(params.advisor):
        require_checks("advisor", chosen)
    count = stage.tally(len(chosen))
    example = wording.example(params.domain)
    words = Words(wording.answer(params.domain), wording.revision(params.domain))
    shifting = shifts(student, stage.verifier(), params.gate, dev, words.ask)
    gate = open_gate(student, params.gate, dev, general, example, shifting)
    learner = Learner(
        trainer=stage.load("sft"),
        schedule=settings.schedule,
        seed=params.training_seed,
        interval=settings.finetune_interval,
        start=start,
        checkpoint=checkpoint,
        gate=gate,
        replay=settings.replay,
        known=[
            example(row.question, row.answer, row.thought)
            for row in read_records(distilled, Distilled)
        ],
    )
    for left in checkpoint.parent.glob(f"{checkpoint.name}.*.partial"):
        shutil.rmtree(left)  # by a round that was killed
    refined: list[Refinement] = []
    try:
        for first in range(0, len(chosen), settings.in_flight):
            group = chosen[first : first + settings.in_flight]
            refining = Refining(group, student, advisor, settings, words, params.seed, count)
            done = refining.run(learner.weights, learner.finetunes)
            refined += done
            learner.take([lessons(row, settings.learn, words) for row in done if row.accepted])
        learner.finish()
        count.rows_out = len(refined)
        accepted = [row.id for row in refined if row.accepted]
        count.close(
            summary,
            accepted=len(accepted),
            attempts=sum(len(row.attempts) for row in refined),
            finetunes=learner.finetunes,
            **learner.curve.summary(),
            gate=gate.summary(),
        )
        learner.curve.write(losses)
        write_json(metrics, gate.metrics())
        write_records(out, refined)
        after = history.after(asked=[row.id for row in refined], solved=accepted)
        write_records(unsolved, after.never_right(every))
        write_history(learner.write(), after)
    finally:
        learner.clean()


if __name__ == "__main__":
    run_stage(iterate)
