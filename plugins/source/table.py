"""A table of questions, and their answers where there are some: JSON, CSV, TSV, Parquet, `.xlsx`,
packed or not, a Hugging Face dataset on disk, or one on the hub.

`source.path` is a file, a folder of such files, a dataset's folder, or for the hub a small file
`<name>.hub.yaml` with `dataset`, `revision`, `config` and `split`: DVC sees where it changes. Rows
are read one by one, so memory stays flat.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Literal

from meteor.core.hookspecs import hookimpl
from meteor.core.records import Failed, Question
from meteor.core.settings import Field, Settings
from meteor.sources.fields import Fields, named
from meteor.sources.forms import usual
from meteor.sources.headers import Named
from meteor.sources.joined import questions_and_answers, with_trees
from meteor.sources.rows import Reader
from meteor.sources.tables import Format, rows_of


class Table(Fields):
    """Names of the columns, what holds for all rows, and how files are read."""

    answers: Literal["best", "first", "all"] = Field(
        "best", description="of a list of answers: the one with most votes, the first, or each"
    )
    answer_score: str | None = Field(
        None, description="field of an answer of a list that ranks it; null: the usual names"
    )
    defaults: dict[Literal["category", "licence", "author", "link"], str] = Field(
        {}, description="values of rows without one, as {category: dl, licence: CC BY-SA 4.0}"
    )
    each: str | None = Field(
        None, description="list inside of a row whose elements are the rows, as paragraphs.qas"
    )
    encoding: str | None = Field(None, description="of CSV, as cp1252; null: seen from the file")
    delimiter: str | None = Field(
        None, min_length=1, max_length=1, description="of CSV; null: seen from the header"
    )
    quote: str | None = Field(
        None,
        min_length=1,
        max_length=1,
        description="around cells of CSV; null: seen from the file",
    )
    header: bool | None = Field(
        None,
        description="whether a row of CSV or of a workbook names the columns; null: seen from it",
    )
    columns: tuple[str, ...] | None = Field(
        None, description="their names, where no row has them, as [question, answer]"
    )
    sheet: str | None = Field(None, description="of a workbook; null: the first")


@hookimpl
def plugin_params() -> type[Settings]:
    return Table


@hookimpl
def source_load(path: Path, params: Table) -> Iterator[Question | Failed]:
    named_so = Named(params.header, params.columns, named(params))
    how = Format(
        params.encoding, params.delimiter, params.quote, params.sheet, params.each, named_so
    )
    reader = Reader(
        params, params.defaults, answers=params.answers, answer_score=params.answer_score
    )
    joined = questions_and_answers(path, how)
    for rows in [joined] if joined else (rows for _, rows in rows_of(path, how)):
        yield from reader.questions(usual(with_trees(rows)))
    reader.check()
