"""Pairs: high-FLOPs answers beside low-FLOPs answers (paper, section 3.3).

Reads the training questions and two checkpoints (often the same one); writes preference pairs.
"""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Literal

from meteor.core.jsonl import read_records, write_records
from meteor.core.records import Completion, Draft, Pair, Prompt, Question
from meteor.core.roles import Plugin
from meteor.core.settings import Decoding
from meteor.models.history import read_history
from meteor.prompts import wording
from meteor.running.stage import Stage, run_stage
from meteor.running.tally import Tally
from meteor.verification.chosen import require_checks
from meteor.verification.voting import Voted, vote


def pairs(
    stage: Stage,
    questions: Path,
    checkpoint: Path,
    against: Path,
    name: str,
    out: Path,
    summary: Path,
) -> None:
    params = stage.params
    section, seed = params.pairs, params.seed
    every = list(read_records(questions, Question))
    chosen = read_history(checkpoint).for_turn(name, params.turns[name], section, seed, every)
    if section.keep == "verified":
        require_checks("pairs.keep", chosen)
    by_id = {question.id: question for question in chosen}
    asking = wording.answer(params.domain)
    asked = [asking(question) for question in chosen]
    count = stage.tally(len(asked))
    high = _answers(stage, asked, by_id, checkpoint, section.chosen, count)
    both = [prompt for prompt in asked if prompt.id in high]
    low = _answers(stage, both, by_id, against, section.rejected, count)
    made = []
    for prompt in both:
        if prompt.id not in low:
            continue
        (better, votes, samples), worse = high[prompt.id], low[prompt.id].answer
        agreement = votes / samples if samples > 1 else None
        reason = _useless(better, worse, same=section.same == "keep")
        if agreement is not None and agreement < section.min_agreement:
            reason = reason or "fewer samples agree than pairs.min_agreement"
        if reason:
            count.reject(prompt.id, reason)
            continue
        made.append(
            Pair(
                id=prompt.id,
                prompt=prompt,
                chosen=better.text,
                rejected=worse.text,
                chosen_flops=better.flops,
                rejected_flops=worse.flops,
                chosen_thought=better.thought,
                rejected_thought=worse.thought,
                votes=votes if samples > 1 else None,
                samples=samples if samples > 1 else None,
                agreement=None if agreement is None else round(agreement, 4),
            )
        )
    kept = made if section.keep == "all" else list(_verified(stage.verifier(), made, by_id, count))
    count.rows_out = len(kept)
    count.close(summary, chosen_flops=_mean_flops(high), rejected_flops=_mean_flops(low))
    write_records(out, kept)


def _answers(
    stage: Stage,
    asked: list[Prompt],
    questions: Mapping[str, Question],
    checkpoint: Path,
    decoding: Decoding,
    count: Tally,
) -> dict[str, Voted]:
    """The answers to all prompts, with their votes where results are counted."""
    student, seed = stage.load("student"), stage.params.seed
    if decoding.agreement == "result":
        verifier = stage.verifier()
        voted = vote(count, student, verifier, asked, questions, checkpoint, decoding, seed)
        return {prompt.id: found for prompt, found in voted}
    written = count.generate(student, asked, checkpoint, decoding, seed)
    return {prompt.id: Voted(completion, 1, 1) for prompt, completion in written}


def _verified(
    verifier: Plugin, pairs: list[Pair], questions: Mapping[str, Question], count: Tally
) -> Iterator[Pair]:
    """The pairs whose chosen answer is right and whose rejected one is not."""
    better = _passed(verifier, pairs, questions, "chosen", count)
    worse = _passed(verifier, [p for p in pairs if p.id in better], questions, "rejected", count)
    for pair in pairs:
        if pair.id not in worse:
            continue  # the verifier failed, which is counted
        if better[pair.id] is None:
            count.reject(pair.id, "the verifier cannot tell")
        elif better[pair.id] and not worse[pair.id]:
            yield pair
        else:
            count.reject(pair.id, "not the chosen answer alone is right")


def _passed(
    verifier: Plugin,
    pairs: list[Pair],
    questions: Mapping[str, Question],
    side: Literal["chosen", "rejected"],
    count: Tally,
) -> dict[str, bool | None]:
    """Whether the answers of one side are right."""
    drafts = [Draft(id=p.id, question=questions[p.id], text=getattr(p, side)) for p in pairs]
    return {draft.id: verdict.passed for draft, verdict in count.verify(verifier, drafts)}


def _useless(high: Completion, low: Completion, same: bool) -> str | None:
    """Why a pair teaches nothing, or the wrong thing; None where it is good. `same`: two equal
    answers do.
    """
    if not high.text.strip() or not low.text.strip():
        return "an answer is empty"
    if high.text == low.text and not same:
        return "both answers are the same"
    if high.finish_reason == "length":
        return "the high-FLOPs answer is cut off"
    return None


def _mean_flops(answers: dict[str, Voted]) -> float | None:
    counts = [done.answer.flops for done in answers.values() if done.answer.flops is not None]
    return sum(counts) / len(counts) if counts else None


if __name__ == "__main__":
    run_stage(pairs)
