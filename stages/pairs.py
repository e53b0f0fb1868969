"""Pairs: high-FLOPs answers beside low-FLOPs answers (paper, section 3.3).

Reads the training questions and two checkpoints (often the same one); writes preference pairs.
"""

from pathlib import Path

from meteor.core.choice import choose_questions
from meteor.core.jsonl import read_records, write_records
from meteor.core.records import Completion, Pair, Prompt, Question
from meteor.core.roles import Plugin
from meteor.core.settings import Decoding
from meteor.prompts import wording
from meteor.running.stage import Stage, run_stage
from meteor.running.tally import Tally


def pairs(
    stage: Stage,
    questions: Path,
    checkpoint: Path,
    against: Path,
    name: str,
    out: Path,
    summary: Path,
) -> None:
    params, student = stage.params, stage.load("student")
    rows = read_records(questions, Question)
    chosen = choose_questions(rows, params.pairs.questions, params.seed, name)
    asking = wording.answer(params.domain)
    asked = [asking(question) for question in chosen]
    count = stage.tally(len(asked))
    high = _answers(stage, student, asked, checkpoint, params.pairs.chosen, count)
    both = [prompt for prompt in asked if prompt.id in high]
    low = _answers(stage, student, both, against, params.pairs.rejected, count)
    kept = []
    for prompt in both:
        if prompt.id not in low:
            continue
        reason = _useless(high[prompt.id], low[prompt.id])
        if reason:
            count.reject(prompt.id, reason)
            continue
        kept.append(
            Pair(
                id=prompt.id,
                prompt=prompt,
                chosen=high[prompt.id].text,
                rejected=low[prompt.id].text,
                chosen_flops=high[prompt.id].flops,
                rejected_flops=low[prompt.id].flops,
                chosen_thought=high[prompt.id].thought,
                rejected_thought=low[prompt.id].thought,
            )
        )
    count.rows_out = len(kept)
    count.close(summary, chosen_flops=_mean_flops(high), rejected_flops=_mean_flops(low))
    write_records(out, kept)


def _answers(
    stage: Stage,
    student: Plugin,
    asked: list[Prompt],
    checkpoint: Path,
    decoding: Decoding,
    count: Tally,
) -> dict[str, Completion]:
    results = count.generate(student, asked, checkpoint, decoding, stage.params.seed)
    return {prompt.id: completion for prompt, completion in results}


def _useless(high: Completion, low: Completion) -> str | None:
    """Why a pair teaches nothing, or the wrong thing; None where it is good."""
    if not high.text.strip() or not low.text.strip():
        return "an answer is empty"
    if high.text == low.text:
        return "both answers are the same"
    if high.finish_reason == "length":
        return "the high-FLOPs answer is cut off"
    return None


def _mean_flops(answers: dict[str, Completion]) -> float | None:
    counts = [answer.flops for answer in answers.values() if answer.flops is not None]
    return sum(counts) / len(counts) if counts else None


if __name__ == "__main__":
    run_stage(pairs)
