"""Thoughts: what a reasoning model writes before its answer, between `<think>` and `</think>`."""

import re

OPEN, CLOSE = "<think>", "</think>"
_THOUGHT = re.compile(r"\s*<think>(.*?)(?:</think>|\Z)", re.DOTALL | re.IGNORECASE)


def apart(text: str, opened: bool = False) -> tuple[str | None, str]:
    """The thought that a text begins with, None where there is none, and what follows it; of a
    thought that never ends nothing follows. Several thoughts in a row are one.

    `opened` says that the prompt has opened the thought already. Tags in the midst of a text are
    what it talks about, and stay.
    """
    thoughts = []
    if opened:
        thought, _, text = text.partition(CLOSE)
        thoughts.append(thought)
    elif text.lstrip().startswith(CLOSE):
        text = text.lstrip().removeprefix(CLOSE).strip()
    while found := _THOUGHT.match(text):
        thoughts.append(found[1])
        text = text[found.end() :]
    whole = "\n\n".join(filter(None, map(str.strip, thoughts)))
    return whole or None, text.strip() if thoughts else text
