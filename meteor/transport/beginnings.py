"""The first rows of a stage: where all fail in one way, the rest would be paid for nothing."""

import re
from collections import Counter

from meteor.chat.asking import FatalError
from meteor.core.records import Failed, Record


class Beginnings:
    """Counts how the first rows end, until one ends well."""

    def __init__(self, allowed: int | None) -> None:
        self.allowed = allowed
        self._alike: Counter[str] = Counter()
        self._well = False

    @property
    def undecided(self) -> bool:
        """Whether the next rows may still end all alike."""
        return self.allowed is not None and not self._well and len(self._alike) < 2

    def note(self, result: Record) -> None:
        """Note a row's end. Raises FatalError where the first ones have all failed alike."""
        if not self.undecided:
            return
        if not isinstance(result, Failed):
            self._well = True
            return
        self._alike[_way(result.error)] += 1
        failed = self._alike.total()
        if self.allowed is not None and failed >= self.allowed and len(self._alike) == 1:
            raise FatalError(
                f"the first {failed} rows have all failed in one way: {result.error}. Nothing more "
                "is sent; mend that, or let them fail with a higher api.first_failures (null: "
                "never stop here)"
            )


def _way(error: str) -> str:
    """What is the same in failures of one kind: the words without numbers, marks and names."""
    return re.sub(r"[\"'`].*?[\"'`]|\w*\d\w*", "#", error)[:60]
