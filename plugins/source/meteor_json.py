"""The raw format of METEOR's authors: JSON arrays named `<category>_data.json`.

Each row has `title` and `question_content`; `id`, `category`, `answer` (the accepted answer),
`score`, `link`, `author`, `licence`, `check` and `split` are optional. A row without an id gets one
from its text, so the same question keeps it.
"""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from meteor.core.errors import MeteorError
from meteor.core.hookspecs import hookimpl
from meteor.core.records import Failed, Question
from meteor.core.settings import Field, Settings
from meteor.sources.fields import Fields
from meteor.sources.rows import Reader, Row

SUFFIX = "_data.json"


class MeteorJson(Fields):
    """Names of the fields."""

    title: str = Field("title", description="field with the question's title")
    body: str = Field("question_content", description="field with the question's text")
    answer: str = Field("answer", description="field with the accepted answer, if there is one")
    id: str | None = Field(
        "id", description="field with the id; null or without one: made of the text"
    )
    category: str = Field("category", description="field with the category, if not the file's")


@hookimpl
def plugin_params() -> type[Settings]:
    return MeteorJson


@hookimpl
def source_load(path: Path, params: MeteorJson) -> Iterator[Question | Failed]:
    files = [path] if path.is_file() else sorted(path.glob("*.json"))
    if not files:
        raise MeteorError(
            f"{path}: there is no JSON file; expected files like ml{SUFFIX}{_other(path)}"
        )
    reader = Reader(params, body_is_due=True)
    for file in files:
        reader.defaults = {"category": file.name.removesuffix(SUFFIX)}
        if not file.name.endswith(SUFFIX):
            reader.defaults = {}
        rows = (Row(f"{file.name}[{number}]", row) for number, row in enumerate(_rows(file)))
        yield from reader.questions(rows)
    reader.check()


def _other(path: Path) -> str:
    """How to find what reads data of another form."""
    return f"; `meteor look {path}` says which source reads another form"


def _rows(file: Path) -> list[Any]:
    try:
        array = json.loads(file.read_text(encoding="utf-8-sig"))
    except json.JSONDecodeError as error:
        what = f"{file}:{error.lineno}: not valid JSON: {error.msg}"
        raise MeteorError(what + _other(file)) from None
    except RecursionError:
        raise MeteorError(f"{file}: not valid JSON: it is nested too deep") from None
    except UnicodeDecodeError as error:
        raise MeteorError(f"{file}: not UTF-8 at byte {error.start}") from None
    except ValueError as error:  # a number of thousands of digits
        raise MeteorError(f"{file}: not valid JSON: {error}") from None
    except OSError as error:
        raise MeteorError(f"{file}: cannot be read ({error.strerror})") from None
    if not isinstance(array, list):
        kind = type(array).__name__
        raise MeteorError(f"{file}: a JSON array is expected, not a {kind}{_other(file)}")
    return array
