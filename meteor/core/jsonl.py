"""JSON Lines in and out: errors name file and line, and no reader ever sees half a file."""

import json
import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any, TypeVar

from pydantic import ValidationError

from meteor.core.errors import MeteorError
from meteor.core.records import Record

R = TypeVar("R", bound=Record)


def read_records(path: Path, kind: type[R]) -> Iterator[R]:
    """Yield the records of a JSON Lines file in order, one line in memory at a time.

    Raises MeteorError with `file:line` for a missing file, a line that is not JSON, a field that
    does not fit, and an id that stands twice.
    """
    lines: dict[str, int] = {}
    for number, line in enumerate(_lines(path), start=1):
        try:
            record = kind.model_validate_json(line.rstrip(b"\r\n"))
        except ValidationError as error:
            raise MeteorError(f"{path}:{number}: {explain(error)}") from None
        identifier = str(record.key or number)
        if identifier in lines:
            raise MeteorError(
                f"{path}:{number}: the id {identifier!r} stands already in line {lines[identifier]}"
            )
        lines[identifier] = number
        yield record


def _lines(path: Path) -> Iterator[bytes]:
    try:
        with path.open("rb") as file:
            yield from file
    except OSError as error:
        raise MeteorError(f"{path}: cannot be read ({error.strerror})") from None


def explain(error: ValidationError) -> str:
    """The first thing that is wrong, as `field: what is wrong (value)`, in one line."""
    first = error.errors()[0]
    field = ".".join(str(part) for part in first["loc"])
    message = first["msg"].removeprefix("Value error, ")
    if first["type"] in ("json_invalid", "missing"):
        return f"{field + ': ' if field else ''}{message}"
    value = repr(first.get("input"))
    value = value if len(value) <= 60 else value[:57] + "..."
    return f"{field + ': ' if field else ''}{message}, got {value}"


def write_records(path: Path, records: Iterable[Record]) -> int:
    """Write records to `path`, all or nothing, and return how many."""
    count = 0
    with replacing(path) as file:
        for record in records:
            file.write(record.model_dump_json() + "\n")
            count += 1
    return count


def write_json(path: Path, value: Any) -> None:
    """Write one JSON value, indented, all or nothing. NaN and infinity are refused."""
    with replacing(path) as file:
        json.dump(value, file, indent=2, allow_nan=False)
        file.write("\n")


@contextmanager
def replacing(path: Path) -> Iterator[IO[str]]:
    """Open a temporary file beside `path` that takes its place when the block ends well."""
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(path.name + ".partial")
    try:
        with partial.open("w", encoding="utf-8", newline="\n") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)
