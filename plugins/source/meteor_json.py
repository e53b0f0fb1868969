"""The raw format of METEOR's authors: JSON arrays named `<category>_data.json`.

Each row has `title` and `question_content`; `id`, `category` and `answer` (the accepted answer)
are optional. A row without an id gets one from its text, so the same question keeps it.
"""

import hashlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from meteor.core.errors import MeteorError
from meteor.core.hookspecs import hookimpl
from meteor.core.jsonl import explain
from meteor.core.records import Failed, Question
from meteor.core.settings import Field, Settings

SUFFIX = "_data.json"


class MeteorJson(Settings):
    """Names of the fields."""

    title: str = Field("title", description="field with the question's title")
    body: str = Field("question_content", description="field with the question's text")
    answer: str = Field("answer", description="field with the accepted answer, if there is one")


@hookimpl
def plugin_params() -> type[Settings]:
    return MeteorJson


@hookimpl
def source_load(path: Path, params: MeteorJson) -> Iterator[Question | Failed]:
    files = [path] if path.is_file() else sorted(path.glob("*.json"))
    if not files:
        raise MeteorError(f"{path}: there is no JSON file; expected files like ml{SUFFIX}")
    for file in files:
        for number, row in enumerate(_rows(file)):
            yield _question(row, f"{file.name}[{number}]", file, params)


def _rows(file: Path) -> list[Any]:
    try:
        rows = json.loads(file.read_text(encoding="utf-8-sig"))
    except json.JSONDecodeError as error:
        raise MeteorError(f"{file}:{error.lineno}: not valid JSON: {error.msg}") from None
    except UnicodeDecodeError as error:
        raise MeteorError(f"{file}: not UTF-8 at byte {error.start}") from None
    except OSError as error:
        raise MeteorError(f"{file}: cannot be read ({error.strerror})") from None
    if not isinstance(rows, list):
        raise MeteorError(f"{file}: a JSON array is expected, not a {type(rows).__name__}")
    return rows


def _question(row: Any, where: str, file: Path, params: MeteorJson) -> Question | Failed:
    if not isinstance(row, dict):
        return Failed(id=where, error=f"an object is expected, not a {type(row).__name__}")
    for name in (params.title, params.body):
        if not isinstance(row.get(name), str) or not row[name].strip():
            state = "missing" if name not in row else f"{row[name]!r}, not a text"
            return Failed(id=where, error=f"{name} is {state}")
    title, body = row[params.title], row[params.body]
    category = row.get("category")
    if category is None:
        category = file.name.removesuffix(SUFFIX) if _named(file) else ""
    try:
        return Question(
            id=str(_fingerprint(title, body) if row.get("id") in (None, "") else row["id"]),
            title=title,
            body=body.strip(),
            category=category,
            answer=row.get(params.answer) or None,
        )
    except ValidationError as error:
        return Failed(id=where, error=explain(error))


def _named(file: Path) -> bool:
    return file.name.endswith(SUFFIX)


def _fingerprint(title: str, body: str) -> str:
    return hashlib.sha256(f"{title}\n{body}".encode("utf-8", "surrogatepass")).hexdigest()[:16]
