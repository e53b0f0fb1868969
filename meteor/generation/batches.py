"""What stands side by side: rows of like length, longest first."""

from collections.abc import Callable, Iterator, Sequence
from typing import TypeVar

Row = TypeVar("Row")


def by_length(
    rows: Sequence[tuple[str, Row]], length: Callable[[Row], int], room: Callable[[int], int]
) -> Iterator[list[tuple[str, Row]]]:
    """Batches of rows, each with its id: little padding, and memory peaks at once. `room` says how
    many of the batch's longest row, of so many tokens, fit side by side; one always does.
    """
    ordered = sorted(rows, key=lambda row: (-length(row[1]), row[0]))
    start = 0
    while start < len(ordered):
        size = max(room(length(ordered[start][1])), 1)
        yield ordered[start : start + size]
        start += size
