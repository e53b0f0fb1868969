"""What can be seen of a text without a model: its sentences, its repetitions, whether it ends."""

import re


def sentences(text: str) -> list[str]:
    """Split a text into sentences and list items of at least three words; a text that has none
    is one sentence.
    """
    parts = re.split(r"(?<=[.!?])\s+|\n+", text)
    cleaned = (re.sub(r"^\W+", "", part).strip() for part in parts)
    found = [part for part in cleaned if len(part.split()) >= 3]
    return found or ([text.strip()] if text.strip() else [])


def repetition(text: str) -> float:
    """Share of the text's four-word runs that stood in it before: 0 is none, near 1 is a loop."""
    words = re.findall(r"\w+", text.lower())
    runs = [tuple(words[i : i + 4]) for i in range(len(words) - 3)]
    return 1 - len(set(runs)) / len(runs) if runs else 0.0


def ends_whole(text: str) -> bool:
    """Whether the text ends as a sentence, a list or a code block ends, not in the middle."""
    return text.rstrip().endswith((".", "!", "?", ":", "`", '"', ")", "]", "}", "|"))
