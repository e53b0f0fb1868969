"""Redaction: nothing that an endpoint says is read by anybody before the API key is out of it."""

import re
from typing import Any
from urllib.parse import quote

from meteor.core.shown import whole

MASK = "***"
LEAST = 8
"""Characters of a key that is worth hiding; a placeholder such as `none` is shorter."""
SECRET = 16
"""Characters of a key of which no part longer than LEAST may remain, either: endpoints cut their
messages, too. A shorter one may be a placeholder made of words that an answer uses.
"""
PIECE = (LEAST + 1) // 2
DEEPEST = 200
"""Levels of a body that are looked at."""


class Redaction:
    """Takes one API key out of texts and bodies."""

    def __init__(self, key: str) -> None:
        # Whatever is hidden holds one of these pieces, and to look for them is quick.
        self._pieces = [
            form[start : start + PIECE].lower()
            for form in {key, quote(key, safe="")}
            for start in range(0, len(form) - PIECE + 1, PIECE)
            if len(key) >= LEAST
        ]
        self._key = re.compile(_forms(key), re.IGNORECASE)

    def text(self, text: str) -> str:
        """A text without the key, and without halves of characters."""
        text = whole(text)
        lower = text.lower()
        return self._key.sub(MASK, text) if any(p in lower for p in self._pieces) else text

    def tree(self, value: Any, depth: int = 0) -> Any:
        """A parsed body, the same for each text in it: JSON may have written the key in escapes."""
        if depth > DEEPEST:
            return None
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, dict):
            return {self.text(name): self.tree(part, depth + 1) for name, part in value.items()}
        if isinstance(value, list):
            return [self.tree(part, depth + 1) for part in value]
        return value


def _forms(key: str) -> str:
    """The key as it is and as it stands in an address; of a long one also its parts."""
    forms = [re.escape(form) for form in {key, quote(key, safe="")}]
    if len(key) >= SECRET and re.search(r"\d", key):
        forms += [_part(key, start) for start in range(len(key) - LEAST)]
    return "|".join(forms)


def _part(key: str, start: int) -> str:
    """What stands at `start`, one character longer than may remain, and what follows it there."""
    end = start + LEAST + 1
    rest = ""
    for character in reversed(key[end:]):
        rest = f"(?:{re.escape(character)}{rest})?"
    return re.escape(key[start:end]) + rest
