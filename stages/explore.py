"""Explore: other ways of decoding answer the questions of the pairs, to be measured beside them.

Reads the pairs, their questions and the checkpoint that wrote the chosen answers; writes one row a
question. Nothing is trained on it, and without `explore.strategies` nothing is asked.
"""

from pathlib import Path

from meteor.core.choice import choose_pairs
from meteor.core.jsonl import read_records, write_records
from meteor.core.records import Completion, Pair, Question, Trial
from meteor.running.stage import Stage, run_stage
from meteor.verification.voting import vote


def explore(
    stage: Stage,
    pairs: Path,
    questions: Path,
    checkpoint: Path,
    name: str,
    out: Path,
    summary: Path,
) -> None:
    params, student = stage.params, stage.load("student")
    strategies = params.explore.strategies
    sample = choose_pairs(read_records(pairs, Pair), params.explore.pairs, params.seed, name)
    by_id = {question.id: question for question in read_records(questions, Question)}
    asked = [pair.prompt for pair in sample] if strategies else []
    count = stage.tally(len(asked))
    answers: dict[str, dict[str, Completion]] = {prompt.id: {} for prompt in asked}
    for strategy, decoding in strategies.items():
        alive = [prompt for prompt in asked if prompt.id in answers]
        if decoding.agreement == "result":
            how = (alive, by_id, checkpoint, decoding, params.seed)
            done = {p.id: v.answer for p, v in vote(count, student, stage.verifier(), *how)}
        else:
            written = count.generate(student, alive, checkpoint, decoding, params.seed)
            done = {prompt.id: completion for prompt, completion in written}
        answers = {i: {**answers[i], strategy: done[i]} for i in answers if i in done}
    trials = [Trial(id=identifier, answers=own) for identifier, own in answers.items()]
    count.rows_out = len(trials)
    count.close(summary)
    write_records(out, trials)


if __name__ == "__main__":
    run_stage(explore)
