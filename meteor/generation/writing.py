"""What a model has written, from its tokens: the thought, the answer, and whether it ended."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from meteor.core.thoughts import part
from meteor.models.encoding import turns_of
from meteor.models.turns import CLOSE, OPEN


class Written(NamedTuple):
    """`tokens` counts those up to the end of turn, or all where it did not come (`whole`)."""

    thought: str | None
    answer: str
    whole: bool
    tokens: int


def written(tokenizer: Any, tokens: Sequence[int]) -> Written:
    """The new tokens of one sequence, as text: what follows the end of turn is padding."""
    turns = turns_of(tokenizer)
    end = next((place for place, token in enumerate(tokens) if token in turns.ends), None)
    opened = turns.opens and turns.thoughts != "off"
    added = tokenizer.added_tokens_encoder
    tags = {added[tag]: tag for tag in (OPEN, CLOSE) if tag in added}
    pieces = _pieces(tokenizer, tokens[:end], tags)
    read = _apart if tags else _parted
    thought, answer = read(pieces, opened)
    whole, count = end is not None, len(tokens) if end is None else end + 1
    return Written(thought, answer.strip(), whole, count)


def _apart(pieces: Iterator[str], inside: bool) -> tuple[str | None, str]:
    """Thought and answer. A tag that is a token is meant as one wherever it stands: what a closing
    one ends was a thought, though nothing has opened it.
    """
    thoughts: list[str] = []
    answer = ""
    for piece in pieces:
        if piece == CLOSE:
            thoughts, answer, inside = [*thoughts, answer], "", False
        elif piece == OPEN:
            inside = True
        elif inside:
            thoughts.append(piece)
        else:
            answer += piece
    thought = "\n\n".join(filter(None, map(str.strip, thoughts)))
    return thought or None, answer


def _parted(pieces: Iterator[str], inside: bool) -> tuple[str | None, str]:
    """Thought and answer, where the tags are text; the prompt may have opened the thought."""
    found = part(f"{OPEN if inside else ''}{''.join(pieces)}")
    return found.thought or None, found.answer


def _pieces(tokenizer: Any, tokens: Sequence[int], tags: Mapping[int, str]) -> Iterator[str]:
    """The text without special tokens, cut at the tokens that are tags of a thought."""
    start = 0
    for place, token in enumerate(tokens):
        if token in tags:
            yield tokenizer.decode(tokens[start:place], skip_special_tokens=True)
            yield tags[token]
            start = place + 1
    yield tokenizer.decode(tokens[start:], skip_special_tokens=True)
