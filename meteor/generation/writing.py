"""What a model has written, from its tokens: the thought, the answer, and whether it ended."""

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from meteor.core.thoughts import CLOSE, OPEN, apart
from meteor.models.encoding import turns_of


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
    text = "".join(_pieces(tokenizer, tokens[:end]))
    opened = turns.opens and turns.thoughts != "off"
    thought, answer = apart(text, opened)
    whole, count = end is not None, len(tokens) if end is None else end + 1
    return Written(thought, answer.strip(), whole, count)


def _pieces(tokenizer: Any, tokens: Sequence[int]) -> Iterator[str]:
    """The text without special tokens, but with the tags of thoughts, which are special to some
    tokenizers.
    """
    added = tokenizer.added_tokens_encoder
    tags = {added[tag]: tag for tag in (OPEN, CLOSE) if tag in added}
    start = 0
    for place, token in enumerate(tokens):
        if token in tags:
            yield tokenizer.decode(tokens[start:place], skip_special_tokens=True)
            yield tags[token]
            start = place + 1
    yield tokenizer.decode(tokens[start:], skip_special_tokens=True)
