"""What is taken from an answer before it is looked at or run."""

import json
import re
from textwrap import dedent
from typing import Any, Literal

from meteor.core.settings import Field, Settings

LONGEST = 100_000
"""Characters of an answer; a longer one is not read."""

Part = Literal["whole", "fenced", "last_fenced", "last_line", "json"]

FRAME = re.compile(
    r"\s*(?:`{3,}|~{3,}|\${1,2}|\\[\])]|\\end\{\w+\*?\}|</\w+>|([-*_])\s*(?:\1\s*){2,})\s*"
)
"""A line that only closes what stands before it: a fence, a formula, a tag, or a rule."""

LANGUAGE = r"(?:sql|sqlite|duckdb|python|py|json|text)[ \t]+"
SPAN = re.compile(rf"\s*(?:`{{1,2}}(?!`)|```(?:{LANGUAGE})?)(?P<code>[^`]+)`{{1,3}}[.;]?\s*")
"""A text that is a piece of code within a line, and nothing else."""


class Unreadable(Exception):
    """Nothing can be taken from the answer; the text says why, in words for the student."""


class Extraction(Settings):
    """What is taken from the answer."""

    take: Part = Field(
        "whole",
        description="whole: all of it | fenced: its one fenced block, or all of it where there is "
        "none | last_fenced: the last of several | last_line: the last line that is not empty and "
        "no closing fence | json: a field of the answer, which is JSON",
    )
    json_field: str | None = Field(
        None, description="of `take: json`: which field, with dots into depth, as result.query"
    )


def taken(text: str, settings: Extraction) -> str:
    """The part of `text` that counts. Raises Unreadable where it is not there, or where an answer
    gives several so that one of them may be right.
    """
    if len(text) > LONGEST:
        raise Unreadable(f"The answer is longer than {LONGEST} characters.")
    if settings.take in ("fenced", "last_fenced"):
        part = _block(text, several=settings.take == "last_fenced")
    elif settings.take == "last_line":
        part = _last_line(text)
    elif settings.take == "json":
        part = _field(text, settings.json_field)
    else:
        part = text
    if not part.strip():
        raise Unreadable("The answer is empty.")
    return part.strip()


def _last_line(text: str) -> str:
    lines = [line for line in text.splitlines() if line.strip()]
    return next((line for line in reversed(lines) if not FRAME.fullmatch(line)), "")


def _block(text: str, several: bool) -> str:
    blocks = [block for block in fenced_blocks(text) if block.strip()]
    if not blocks:
        span = SPAN.fullmatch(text)
        return span["code"] if span else text
    different = len({block.strip() for block in blocks})
    if different > 1 and not several:
        raise Unreadable(f"The answer has {different} fenced blocks; give one.")
    # A fence may close at the end of the last line, and a block may stand further right.
    return dedent(re.sub(r"(?<=\S)[ \t]*`{3,}\s*$", "", blocks[-1]))


def fenced_blocks(text: str) -> list[str]:
    """The contents of all fenced blocks, as CommonMark reads them: one that is not closed ends with
    the text.
    """
    from markdown_it import MarkdownIt

    reader = MarkdownIt("zero").enable(["fence", "list", "blockquote"])
    return [token.content for token in reader.parse(text) if token.type == "fence"]


def read_json(text: str) -> Any:
    """The value of a JSON text. Raises Unreadable, also for a key that stands twice, for NaN, and
    for what is nested too deep.
    """
    try:
        return json.loads(text, object_pairs_hook=_object, parse_constant=_constant)
    except json.JSONDecodeError as error:
        where = f"line {error.lineno}, column {error.colno}"
        raise Unreadable(f"Not valid JSON: {error.msg} ({where}).") from None
    except (ValueError, RecursionError):
        raise Unreadable("Not valid JSON: too deep, or a number too long.") from None


def _field(text: str, path: str | None) -> str:
    blocks = fenced_blocks(text)
    value = read_json(text if len(blocks) != 1 else blocks[0])
    for name in path.split(".") if path else ():
        if not isinstance(value, dict) or name not in value:
            raise Unreadable(f"The answer's JSON has no field `{path}`.")
        value = value[name]
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise Unreadable("Not valid JSON: a key stands twice in one object.")
    return found


def _constant(name: str) -> Any:
    raise Unreadable(f"Not valid JSON: {name} is no number.")
