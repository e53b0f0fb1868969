"""Finished rows of a stage that was killed or failed: the next try asks for the rest alone.

While a plugin answers, each result is appended to a file below `.meteor/rows/<stage>`. Its name is
a hash of all that shapes the results (code, settings, rows, the checkpoint's content, seed), so
nothing else ever takes them up; a stage that ends well removes the folder. What failed is not
kept: it is asked again. Plugins that keep their replies themselves, in the ledger, are left out.

How likely weights find texts is kept for good, in `.meteor/likelihoods`: what the gate has weighed
the next round's gate and `general` ask for again.
"""

import hashlib
import json
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path
from typing import IO, Any, TypeVar

from pydantic import BaseModel

from meteor.core.fingerprint import fingerprint
from meteor.core.records import Record
from meteor.running.context import Context, present, working
from meteor.running.status import FOLDER

WEIGHED = FOLDER / "likelihoods"
HOUSE = Path(__file__).parent.parent
TOLD = ("README.md", "questions.json")
"""Files of a checkpoint that say what became of it, and shape nothing."""

R = TypeVar("R", bound=Record)


@contextmanager
def resuming(name: str, code: str) -> Iterator[Context]:
    """Keep the rows that the stage `name` finishes in this block, until it has ended well."""
    folder = FOLDER / "rows" / name
    with working(Context(name, rows=folder, code=code)) as context:
        yield context
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def resumed(shapes: Mapping[str, Any]) -> Iterator["ResumedRows | None"]:
    """The rows of one call, which everything in `shapes` shapes; None outside of a stage."""
    context = present()
    if context.rows is None:
        yield None
        return
    with _opened(context.rows, _digest(context.code, shapes)) as rows:
        yield rows


@contextmanager
def weighed(shapes: Mapping[str, Any]) -> Iterator["ResumedRows | None"]:
    """The likelihoods of one call, which everything in `shapes` shapes, but for the name of the
    `checkpoint` and for the stage; None outside of a stage.
    """
    if present().rows is None:
        yield None
        return
    files = sorted(file for file in shapes["checkpoint"].iterdir() if file.name not in TOLD)
    model = [f"{file.name} {fingerprint(file)}" for file in files]
    with _opened(WEIGHED, _digest(_shaping(), {**shapes, "checkpoint": model})) as rows:
        yield rows


@contextmanager
def _opened(folder: Path, name: str) -> Iterator["ResumedRows"]:
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / f"{name}.jsonl").open("a+b") as file:
        yield ResumedRows(file)


def _shaping() -> str:
    """The code that weighs, whichever stage asks for it, and its libraries."""
    libraries = [f"{name} {version(name)}" for name in ("torch", "transformers")]
    return "\n".join((fingerprint(HOUSE, "*.py"), *libraries))


class ResumedRows:
    """The rows of one call: those of an earlier try, and those that come now."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file

    def read(self, kind: type[R]) -> dict[str, R]:
        """The results of an earlier try by id; a line that a kill has cut off is removed."""
        self._file.seek(0)
        whole, mark, _ = self._file.read().rpartition(b"\n")
        self._file.truncate(len(whole + mark))
        rows = [kind.model_validate_json(line) for line in whole.splitlines()]
        return {str(row.key): row for row in rows}

    def add(self, row: Record) -> None:
        """Keep one more: it outlives this process, though not a power cut."""
        self._file.write(row.model_dump_json().encode() + b"\n")
        self._file.flush()


def _digest(code: str, shapes: Mapping[str, Any]) -> str:
    digest = hashlib.sha256(code.encode())
    for name, value in shapes.items():
        for part in (name, *_parts(value)):
            text = part.encode("utf-8", "surrogatepass")
            digest.update(b"%d\n" % len(text) + text)
    return digest.hexdigest()[:32]


def _parts(value: Any) -> Iterator[str]:
    """What stands for a value in the hash: all of a record, all of a folder's content."""
    if isinstance(value, BaseModel):
        yield value.model_dump_json()
        yield from _parts(_files(value))
    elif isinstance(value, Path):
        yield from (str(value), fingerprint(value))
    elif isinstance(value, (list, tuple)):
        for part in value:
            yield from _parts(part)
    else:
        yield json.dumps(value)


def _files(settings: BaseModel) -> list[Path]:
    """The files that settings name: what stands in them shapes results, too."""
    values = [value for _, value in settings]
    several = [part for value in values if isinstance(value, tuple) for part in value]
    return [value for value in (*values, *several) if isinstance(value, Path)]
