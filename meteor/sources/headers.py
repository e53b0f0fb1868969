"""Which row of a table names its columns: the first one, one below lines that tell of the table, or
none.
"""

import itertools
import logging
import re
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from meteor.core.errors import SettingsError
from meteor.sources.choices import CHOICES
from meteor.sources.columns import tidy
from meteor.sources.conversations import is_conversation
from meteor.sources.fields import ASKED, BODIES, CHATS, CONTEXTS, TITLES, USUAL
from meteor.sources.values import is_nothing, shortened

log = logging.getLogger("meteor")
USUAL_NAMES = frozenset(
    (*TITLES, *BODIES, *ASKED, *CONTEXTS, *CHATS, *CHOICES, *sum(USUAL.values(), ()))
)
TELLING = frozenset(
    (
        *("question", "questions", "answer", "answers", "instruction", "response", "prompt"),
        *("output", "completion", "timestamp"),
    )
)
"""Of these, those that hardly are the value of a cell."""
LOOKED_AT = 50
"""Rows from which a header is known."""
MOST_ABOVE = 10
"""Rows that may stand above a header and tell of the table."""
LEAST_BELOW = 3
"""Rows below a header that tell it from them by being numbers."""
NUMBER = re.compile(r"[^\w\n]*\d[\d\W]*")
SENTENCE = re.compile(r".*[^\s.?!][.?!…。\uff1f\uff01]['\")\]]*\s*", re.DOTALL)
ASKS = ("?", "\uff1f", "\u061f")
LONG = 60
"""Characters of a cell, above which it is no name."""


class Named(NamedTuple):
    """How the columns of a table are called where its user says so: `header`, whether a row names
    them; `columns`, their names; `known`, names that its header must have.
    """

    header: bool | None = None
    columns: tuple[str, ...] | None = None
    known: frozenset[str] = frozenset()


UNSAID = Named()


class Header(NamedTuple):
    """The names of columns, and how many of the first rows are no data."""

    names: list[str]
    above: int


def header_of(rows: Sequence[Sequence[Any]], how: Named, file: Path) -> Header:
    """The names of the columns of a table that begins with these rows, none of them empty; what
    was not said is told. Raises SettingsError where `columns` are not as many as there are.
    """
    above = 0 if how.header is False else _told_above(rows, how)
    first, *below = rows[above:] or [()]
    if above:
        shown = "; ".join(shortened(_line(row)) for row in rows[:above])
        log.warning("%s: the table begins with %s; above it stands %s", file, _line(first), shown)
    is_header = _is_header(first, below, how) if how.header is None else how.header
    if how.columns is not None and rows:
        if len(how.columns) != len(first):
            raise SettingsError(
                f"source.table.columns: {len(how.columns)} names, and {file} has {len(first)} "
                f"columns: {shortened(_line(first))}"
            )
        return Header(list(how.columns), above + is_header)
    if not is_header:
        names = _of_pair(rows) or [f"column {number}" for number in range(1, len(first) + 1)]
        if how.header is None:
            said = (
                "%s: the first row is no header (%s), so its columns are called %s; `columns: "
                "[question, ...]` names them, `header: true` says that it is one"
            )
            log.warning(said, file, shortened(_line(first)), ", ".join(names))
        return Header(names, above)
    named = ("" if cell is None else str(cell) for cell in first)
    return Header([name.strip().lstrip("\ufeff") for name in named], above + 1)


def with_names(
    rows: Iterator[tuple[int, Any]], how: Named, file: Path
) -> Iterator[tuple[int, Any]]:
    """Rows as they are; where they are lists, by the header among them; a list of turns is a
    conversation.
    """
    first = list(itertools.islice(rows, LOOKED_AT))
    rows = itertools.chain(first, rows)
    lists = [row for _, row in first]
    if not lists or not all(isinstance(row, list) for row in lists):
        return rows
    if all(is_conversation(row, pairs=True) for row in lists):
        return ((number, {"messages": row}) for number, row in rows)
    if any(isinstance(cell, (list, dict)) for row in lists for cell in row):
        return rows
    names, above = header_of(lists, how, file)
    return (
        (number, dict(zip(names, row, strict=False)) if isinstance(row, list) else row)
        for number, row in itertools.islice(rows, above, None)
    )


def usual_names(cells: Iterable[Any], how: Named = UNSAID) -> int:
    """How many cells are names that columns usually have, or that the user says."""
    known = {tidy(name) for name in how.known} | USUAL_NAMES
    return sum(isinstance(cell, str) and tidy(cell) in known for cell in cells)


def _told_above(rows: Sequence[Sequence[Any]], how: Named) -> int:
    """How many rows stand above the header and tell of the table: each has fewer cells, and below
    them is a row of usual names, or they have one cell alone and the others have several.
    """
    sizes = [sum(not is_nothing(cell) for cell in row) for row in rows]
    for place, row in enumerate(rows[: MOST_ABOVE + 1]):
        if usual_names(row, how) >= min(2, sizes[place]):
            return place if all(size < sizes[place] for size in sizes[:place]) else 0
    titles = zip(rows[:MOST_ABOVE], sizes, strict=False)
    is_title = (*(size == 1 and not is_nothing(row[0]) for row, size in titles), False)
    alone = is_title.index(False)
    below = sizes[alone:]
    return alone if len(below) > 1 and 2 * sum(size > 1 for size in below) > len(below) else 0


def _is_header(first: Sequence[Any], below: Sequence[Sequence[Any]], how: Named) -> bool:
    """Whether a row names the columns of those below it. In doubt it does, but not where its user
    gives names.
    """
    if how.columns is not None:
        return _has_usual_names(first, how)
    if any(tidy(str(cell)) in map(tidy, how.known) for cell in first if cell is not None):
        return True
    columns = [
        (cell, [row[at] for row in below if at < len(row) and not is_nothing(row[at])])
        for at, cell in enumerate(first)
        if not is_nothing(cell)
    ]
    if any(
        not _is_number(cell) and len(cells) >= LEAST_BELOW and all(map(_is_number, cells))
        for cell, cells in columns
    ):
        return True
    if _has_usual_names(first, how) or any(tidy(str(cell)) in TELLING for cell, _ in columns):
        return True
    return not any(_is_alike(cell, cells) for cell, cells in columns)


def _has_usual_names(row: Sequence[Any], how: Named) -> bool:
    return 2 * usual_names(row, how) > sum(not is_nothing(cell) for cell in row)


def _is_alike(cell: Any, below: list[Any]) -> bool:
    """Whether a cell is what the cells below it are: numbers, sentences, one of few words."""
    if _is_number(cell):
        return not below or 2 * sum(map(_is_number, below)) > len(below)
    if not isinstance(cell, str):
        return False
    if _is_text(cell):
        return 2 * sum(map(_is_text, below)) >= len(below) if below else " " in cell.strip()
    return cell in below


def _of_pair(rows: Sequence[Sequence[Any]]) -> list[str] | None:
    """The names of two columns of which one alone has questions; None where it is not so."""
    if not all(len(row) == 2 for row in rows):
        return None
    asked = [
        2 * sum(str(row[at]).rstrip().endswith(ASKS) for row in rows) > len(rows) for at in (0, 1)
    ]
    names = {(True, False): ["question", "answer"], (False, True): ["answer", "question"]}
    return names.get((asked[0], asked[1]))


def _is_number(cell: Any) -> bool:
    """Whether a cell is a number or a date."""
    return not isinstance(cell, str) or bool(NUMBER.fullmatch(cell.strip()))


def _is_text(cell: Any) -> bool:
    """Whether a cell is more than a name."""
    text = str(cell)
    return len(text) > LONG or "\n" in text.strip() or bool(SENTENCE.fullmatch(text))


def _line(row: Sequence[Any]) -> str:
    return ", ".join(repr(str(cell)) for cell in row if not is_nothing(cell))
