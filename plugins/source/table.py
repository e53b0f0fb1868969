"""A table of questions, and their answers where there are some: JSON Lines, JSON, CSV, TSV, Parquet
(the text formats also as `.gz`), a Hugging Face dataset on disk, or one on the hub.

`source.path` is a file, a folder of such files, a dataset's folder, or for the hub a small file
`<name>.hub.yaml` with `dataset`, `revision`, `config` and `split`: DVC sees where it changes. Rows
are read one by one, so memory stays flat.
"""

import csv
import io
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal

import yaml

from meteor.core.errors import MeteorError
from meteor.core.hookspecs import hookimpl
from meteor.core.records import Failed, Question
from meteor.core.settings import Field, Settings, parse_settings
from meteor.sources import rows
from meteor.sources.unpacking import LONGEST_LINE, lines, opened

ENDINGS = (".jsonl", ".ndjson", ".json", ".csv", ".tsv", ".parquet")
PIN = ".hub.yaml"


class Table(rows.Fields):
    """Names of the columns, and what holds for all rows."""

    defaults: dict[Literal["category", "licence", "author", "link"], str] = Field(
        {}, description="values of rows without one, as {category: dl, licence: CC BY-SA 4.0}"
    )


class Hub(Settings):
    """A dataset on the hub."""

    dataset: str = Field(description="its name, or a local folder of data files")
    revision: str | None = Field(None, description="a commit, so that it stays the same")
    config: str | None = Field(None, description="which configuration")
    split: str = Field("train", description="which split")


@hookimpl
def plugin_params() -> type[Settings]:
    return Table


@hookimpl
def source_load(path: Path, params: Table) -> Iterator[Question | Failed]:
    for name, number, row in _rows(path):
        where = f"{name}:{number}"
        if isinstance(row, Failed):
            yield row
        else:
            yield rows.question(row, where, params, params.defaults)


def _rows(path: Path) -> Iterator[tuple[str, int, Any]]:
    """Every row with its file and number."""
    if path.is_dir() and _is_dataset(path):
        yield from _dataset(path)
        return
    files = [path] if path.is_file() else sorted(f for f in path.iterdir() if _kind(f))
    if not files:
        raise MeteorError(f"{path}: there is no table; expected {', '.join(ENDINGS)} or *{PIN}")
    for file in files:
        for number, row in enumerate(_of_file(file), start=1):
            yield file.name, number, row


def _kind(file: Path) -> str:
    """The format by the name's ending; empty where it is none."""
    name = file.name.removesuffix(".gz")
    return PIN if name.endswith(PIN) else next((end for end in ENDINGS if name.endswith(end)), "")


def _of_file(file: Path) -> Iterator[Any]:
    kind = _kind(file)
    if kind in (".jsonl", ".ndjson"):
        return _json_lines(file)
    if kind == ".json":
        return _json(file)
    if kind in (".csv", ".tsv"):
        return _separated(file, "\t" if kind == ".tsv" else ",")
    if kind == ".parquet":
        return _parquet(file)
    if kind == PIN:
        return _hub(file)
    raise MeteorError(f"{file}: not a known table; expected {', '.join(ENDINGS)} or *{PIN}")


def _json_lines(file: Path) -> Iterator[Any]:
    for number, line in enumerate(lines(file), start=1):
        where = f"{file.name}:{number}"
        if line is None:
            yield Failed(id=where, error=f"the line is longer than {LONGEST_LINE} bytes")
            continue
        try:
            yield json.loads(line.decode("utf-8-sig"))
        except (ValueError, RecursionError) as error:
            yield Failed(id=where, error=f"not valid JSON: {rows.shortened(str(error))}")


def _json(file: Path) -> Iterator[Any]:
    """The elements of an array, one in memory at a time."""
    import ijson

    with opened(file) as data:
        start = data.peek(64).lstrip(b"\xef\xbb\xbf \r\n\t")[:1]
        if start != b"[":
            raise MeteorError(f"{file}: a JSON array is expected, and it begins with {start!r}")
        if data.peek(3).startswith(b"\xef\xbb\xbf"):
            data.read(3)
        try:
            yield from ijson.items(data, "item", use_float=True)
        except (ijson.JSONError, UnicodeDecodeError) as error:
            raise MeteorError(f"{file}: not a JSON array: {rows.shortened(str(error))}") from None


def _separated(file: Path, delimiter: str) -> Iterator[Any]:
    csv.field_size_limit(LONGEST_LINE)
    with opened(file) as data:
        reader = csv.reader(_text(data), delimiter=delimiter, strict=True)
        try:
            header = next(reader, [])
            for cells in reader:
                if len(cells) != len(header):
                    where = f"{file.name}: line {reader.line_num}"
                    error = f"{len(cells)} cells where the header has {len(header)}"
                    yield Failed(id=where, error=error)
                    continue
                yield dict(zip(header, cells, strict=True))
        except csv.Error as error:
            raise MeteorError(f"{file}:{reader.line_num}: {error}") from None


def _text(data: "io.BufferedReader[Any]") -> Iterator[str]:
    return io.TextIOWrapper(data, encoding="utf-8-sig", errors="replace", newline="")


def _parquet(file: Path) -> Iterator[Any]:
    import pyarrow
    from pyarrow import parquet

    try:
        with parquet.ParquetFile(file) as table:
            for batch in table.iter_batches(batch_size=1000):
                yield from batch.to_pylist()
    except (pyarrow.ArrowException, OSError) as error:
        raise MeteorError(f"{file}: cannot be read: {rows.shortened(str(error))}") from None


def _is_dataset(path: Path) -> bool:
    return any((path / name).is_file() for name in ("dataset_info.json", "dataset_dict.json"))


def _dataset(path: Path) -> Iterator[tuple[str, int, Any]]:
    """The rows of a dataset that `save_to_disk` wrote, of all its splits."""
    from datasets import DatasetDict, load_from_disk

    try:
        found = load_from_disk(str(path))
    except Exception as error:
        raise MeteorError(f"{path}: not a dataset: {error}") from None
    splits = found.items() if isinstance(found, DatasetDict) else [(path.name, found)]
    for name, split in splits:
        for number, row in enumerate(split, start=1):
            yield name, number, row


def _hub(file: Path) -> Iterator[Any]:
    from datasets import load_dataset

    try:
        raw = yaml.safe_load(file.read_text(encoding="utf-8"))
    except (OSError, ValueError, yaml.YAMLError) as error:
        raise MeteorError(f"{file}: not valid YAML: {' '.join(str(error).split())}") from None
    hub = parse_settings(Hub, raw, file)
    try:
        yield from load_dataset(
            hub.dataset, hub.config, split=hub.split, revision=hub.revision, streaming=True
        )
    except Exception as error:
        raise MeteorError(
            f"{file}: the dataset {hub.dataset!r} cannot be loaded: {type(error).__name__}: {error}"
        ) from None
