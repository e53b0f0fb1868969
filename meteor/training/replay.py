"""Phase 1's rows beside what a round or turn learns, against forgetting; beside pairs they are
pairs of two equal answers.
"""

from collections.abc import Sequence
from pathlib import Path

from meteor.core.choice import choose_replay
from meteor.core.jsonl import read_records
from meteor.core.records import Distilled, Example, Pair
from meteor.prompts.wording import Exampling


def with_replay(
    pairs: Sequence[Pair], distilled: Path, share: float, seed: int, example: Exampling
) -> list[Pair]:
    """The pairs, and beside each `share` of the answers that phase 1 taught, at most all of them.
    No pair, no replay: it would be another phase 1.
    """
    if not share:
        return list(pairs)
    known = list(read_records(distilled, Distilled))
    again = choose_replay(known, len(pairs), share, seed, "turns")
    examples = (example(row.question, row.answer, row.thought) for row in again)
    return [*pairs, *map(_equal, map(replayed, examples))]


def replayed(row: Example) -> Example:
    """A row of phase 1 that trains again, with an id of its own."""
    return row.model_copy(update={"id": f"{row.id}#replay"})


def _equal(row: Example) -> Pair:
    return Pair(
        id=row.id,
        prompt=row.prompt,
        chosen=row.answer,
        rejected=row.answer,
        chosen_flops=None,
        rejected_flops=None,
        agreement=1.0,
        chosen_thought=row.thought,
        rejected_thought=row.thought,
    )
