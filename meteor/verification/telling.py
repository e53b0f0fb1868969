"""Whether feedback tells the student what is expected: then it is withheld."""

import re
from collections.abc import Iterator
from typing import Any


def telling(feedback: str, check: Any) -> bool:
    """Whether a text or number of a `check` stands in `feedback` as words of its own."""
    said = " ".join(feedback.casefold().split())
    return any(
        re.search(rf"(?<!\w){re.escape(' '.join(leaf.casefold().split()))}(?!\w)", said)
        for leaf in _leaves(check)
        if leaf.strip()
    )


def _leaves(check: Any) -> Iterator[str]:
    if isinstance(check, dict):
        for value in check.values():
            yield from _leaves(value)
    elif isinstance(check, list):
        for value in check:
            yield from _leaves(value)
    elif isinstance(check, (str, int, float)) and not isinstance(check, bool):
        yield str(check)
