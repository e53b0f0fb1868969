"""The first rows of a stage: where all fail in one way, the rest would be paid for nothing."""

import asyncio
import re
from collections import Counter

from meteor.chat.asking import FatalError
from meteor.core.records import Failed, Record


class Beginnings:
    """Counts how the first rows end, until one ends well. Refusals come back sooner than answers:
    where so many have failed alike, no other row begins, and those under way decide.
    """

    def __init__(self, allowed: int | None) -> None:
        self.allowed = allowed
        self._alike: Counter[str] = Counter()
        self._well = False
        self._begun = self._ended = 0
        self._open = asyncio.Event()
        self._open.set()

    @property
    def undecided(self) -> bool:
        """Whether the next rows may still end all alike."""
        return self.allowed is not None and not self._well and len(self._alike) < 2

    async def begin(self) -> None:
        """Wait until another row may begin, and count it."""
        await self._open.wait()
        self._begun += 1

    def note(self, result: Record) -> None:
        """Note a row's end. Raises FatalError where the first ones have all failed alike."""
        self._ended += 1
        if not self.undecided:
            return
        if isinstance(result, Failed):
            self._alike[_way(result.error)] += 1
        else:
            self._well = True
        failed = self._alike.total()
        if not self.undecided:
            self._open.set()
        elif self.allowed is not None and failed >= self.allowed:
            self._open.clear()
            if self._ended >= self._begun:
                raise FatalError(self._told(failed, result))

    def _told(self, failed: int, last: Record) -> str:
        error = last.error if isinstance(last, Failed) else ""
        return (
            f"the first {failed} rows have all failed in one way: {error}. Nothing more is sent; "
            "mend that, or let them fail with a higher api.first_failures (null: never stop here)"
        )


def _way(error: str) -> str:
    """What is the same in failures of one kind: the words without numbers, marks and names."""
    return re.sub(r"[\"'`].*?[\"'`]|\w*\d\w*", "#", error)[:60]
