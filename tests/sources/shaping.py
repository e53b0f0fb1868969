"""How small files of a shape are written: lines, tables, Parquet, workbooks, data sets, folders."""

import csv
import io
import json
import tarfile
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

Q, CONTEXT = "Why does a margin matter?", "A classifier has a margin."
ASKED = f"{Q}\n\n{CONTEXT}"
A, WORSE = "It keeps classes apart.", "No idea."


class Expected(NamedTuple):
    """The first question, and how many there are."""

    title: str = Q
    body: str = ""
    answer: str | None = A
    rows: int = 1
    more: dict[str, Any] = {}  # noqa: RUF012 (never changed)


class Shape(NamedTuple):
    """A file or folder by name, its content, and what is to come of it."""

    name: str
    content: Any
    expected: Expected = Expected()


def lines(*rows: Any) -> str:
    return "".join(json.dumps(row) + "\n" for row in rows)


def table(*rows: dict[str, Any], delimiter: str = ",") -> str:
    out = io.StringIO()
    writer = csv.DictWriter(out, list(rows[0]), delimiter=delimiter)
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue()


def parquet(*rows: dict[str, Any]) -> Callable[[Path], None]:
    def write(path: Path) -> None:
        import pyarrow
        from pyarrow import parquet

        parquet.write_table(pyarrow.Table.from_pylist(list(rows)), path)

    return write


def dataset_dict(**splits: list[dict[str, Any]]) -> Callable[[Path], None]:
    def write(path: Path) -> None:
        from datasets import Dataset, DatasetDict

        made = {name: Dataset.from_list(rows) for name, rows in splits.items()}
        DatasetDict(made).save_to_disk(path)

    return write


def workbook(*rows: list[Any]) -> Callable[[Path], None]:
    def write(path: Path) -> None:
        import openpyxl

        book = openpyxl.Workbook()
        for row in rows:
            book.active.append(row)
        book.save(path)

    return write


def tarred(path: Path, parts: dict[str, bytes]) -> Path:
    """An archive of these files, packed as its name says."""
    packing = {".tgz": ":gz", ".gz": ":gz", ".xz": ":xz", ".bz2": ":bz2"}.get(path.suffix, "")
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode=f"w{packing}") as archive:  # type: ignore[call-overload]
        for name, content in parts.items():
            part = tarfile.TarInfo(name)
            part.size = len(content)
            archive.addfile(part, io.BytesIO(content))
    if path.suffix in (".zst", ".tzst"):
        import pyarrow

        with pyarrow.CompressedOutputStream(str(path), "zstd") as packed:
            packed.write(out.getvalue())
    else:
        path.write_bytes(out.getvalue())
    return path


def message(key: str, parent: str | None, role: str, text: str, **more: Any) -> dict[str, Any]:
    return {"message_id": key, "parent_id": parent, "role": role, "text": text, **more}


def write(shape: Shape, folder: Path) -> Path:
    """Write a shape's file or folder."""
    path = folder / shape.name
    if callable(shape.content):
        shape.content(path)
    elif isinstance(shape.content, dict):
        path.mkdir()
        for name, content in shape.content.items():
            (path / name).write_text(content)
    else:
        content = shape.content
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path
