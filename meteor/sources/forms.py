"""Tables that hold a question, what it is about and its answer in a form of their own: each row
gets the columns that others have. Which forms a table has is seen from its first rows; another
table costs nothing further.
"""

import itertools
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from meteor.core.records import Failed
from meteor.sources import apart, dialogues, nested, preferred, tabular, written
from meteor.sources.rows import SAMPLE, Row

Read = Callable[[dict[str, Any]], list[Any] | None]
FORMS: tuple[Read, ...] = (
    written.with_values,
    nested.wrapped,
    nested.annotated,
    dialogues.exported,
    nested.instances,
    nested.inner,
    nested.parallel,
    dialogues.continued,
    dialogues.with_history,
    dialogues.in_words,
    tabular.with_query,
    tabular.with_table,
    apart.with_choices,
    preferred.with_chosen,
)
"""Each makes of a row of its form the rows that are meant, and is None for any other. What one made
the next may take.
"""


def usual(rows: Iterable[Row]) -> Iterator[Row]:
    """The rows of one table, with the columns of the usual forms beside their own."""
    rows = iter(rows)
    first = list(itertools.islice(rows, SAMPLE))
    rows = itertools.chain(first, rows)
    found: list[Read] = []
    sample = [row.content for row in first if isinstance(row.content, dict)]
    dialogues.require_sides(sample, first[0].where if first else "")
    if dialogues.are_turns(sample):
        return dialogues.grouped(rows)
    forms = FORMS if len(sample) > 1 else (nested.by_key, *FORMS)  # one object may be all there is
    for form in forms:
        made = [form(content) for content in sample]
        if any(parts is not None for parts in made):
            found.append(form)
            sample = [
                part
                for content, parts in zip(sample, made, strict=True)
                for part in ([content] if parts is None else parts)
                if isinstance(part, dict)
            ]
    return _read(rows, found) if found else rows


def _read(rows: Iterator[Row], forms: list[Read]) -> Iterator[Row]:
    for row in rows:
        parts = [row.content]
        for form in forms:
            parts = [made for part in parts for made in _made(form, part)]
        for part in parts:
            yield Row(row.where, _named(part, row.where), row.split)


def _made(form: Read, content: Any) -> list[Any]:
    made = form(content) if isinstance(content, dict) else None
    return [content] if made is None else made


def _named(content: Any, where: str) -> Any:
    """What is left out, by the place of its row."""
    return content.model_copy(update={"id": where}) if isinstance(content, Failed) else content
