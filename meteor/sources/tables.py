"""Files of tables, and folders of them, as rows: JSON, separated values, Parquet, workbooks, data
sets of Hugging Face on disk or on the hub.
"""

import itertools
import json
import logging
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from meteor.core.errors import MeteorError
from meteor.core.settings import Field, Settings, parse_settings
from meteor.core.yaml12 import no_yaml, parse_yaml
from meteor.sources import arrow, bounded, json_rows, separated, workbook
from meteor.sources.archives import archived, leads_out, members
from meteor.sources.headers import UNSAID, Named, with_names
from meteor.sources.rows import SPLITS, Row, split_named
from meteor.sources.values import shortened

log = logging.getLogger("meteor")
PACKED = (*bounded.PACKED, ".zip")
WHOLE = (".parquet", ".arrow", ".feather", ".xlsx")
"""Formats that are read at any place of the file, and so not from a packed one."""
POINTER = b"version https://git-lfs"
PIN = ".hub.yaml"
ABOUT = ("dataset_infos.json", "dataset_info.json", "dataset_dict.json", "state.json")
"""Files beside tables that tell what these are."""
LINES = (".json", ".jsonl", ".ndjson")
"""Formats whose rows may be lists."""
Numbered = Iterator[tuple[int, Any]]


@dataclass(frozen=True)
class Format:
    """How files are to be read where they do not tell by themselves."""

    encoding: str | None = None
    delimiter: str | None = None
    quote: str | None = None
    sheet: str | None = None
    each: str | None = None
    named: Named = UNSAID


class Hub(Settings):
    """A dataset on the hub."""

    dataset: str = Field(description="its name, or a local folder of data files")
    revision: str | None = Field(None, description="a commit, so that it stays the same")
    config: str | None = Field(None, description="which configuration")
    split: str | None = Field("train", description="which split; null: all of them")


def rows_of(path: Path, how: Format) -> Iterator[tuple[str, Iterator[Row]]]:
    """The tables under a path: each table's name and its rows. In a folder whose files, or folders,
    are named for splits (`train.jsonl`, `squad_test.json`, `dev/0.parquet`) a row has the split of
    its file.

    Raises MeteorError where there is none.
    """
    if path.is_dir() and _is_dataset(path):
        for name, numbered in _dataset(path):
            yield name, _rows(name, numbered, how, split_named(name))
        return
    files = tables(path)
    if path.is_dir() and files[0].parent == path and (below := _tables_below(path)):
        said = "%s: it has tables itself, so those of its folders are not read: %s"
        log.warning(said, path, ", ".join(below))
    splits = [_split_of(file.relative_to(path)) for file in files]
    told = len(set(filter(None, splits))) > 1
    for file, split in zip(files, splits, strict=True):
        if kind(file) == PIN:
            for name, numbered in _hub(file):
                yield name, _rows(name, numbered, how, split_named(name))
            continue
        yield file.name, _rows(file.name, of_file(file, how), how, split if told else None)


def tables(path: Path) -> list[Path]:
    """The files of tables under a path, in the order of their names."""
    if path.is_file():
        return [path]
    files = sorted(f for f in path.rglob("*") if f.is_file() and kind(f) and not _is_hidden(f))
    top = [file for file in files if file.parent == path]
    if not files:
        raise MeteorError(f"{path}: there is no table; expected {', '.join(READERS)} or *{PIN}")
    return top or files


def _tables_below(path: Path, most: int = 5) -> list[str]:
    """Tables in the folders of a folder, the first ones."""
    found = (file for file in sorted(path.glob("*/**/*")) if file.is_file() and kind(file))
    return [str(file.relative_to(path)) for file in itertools.islice(found, most)]


def _split_of(file: Path) -> str | None:
    """The one split that a file's name has among its words, or else the name of a folder of it."""
    for name in reversed(file.parts):
        words = re.split(r"[^a-z]+", name.lower())
        found = {SPLITS[word] for word in words if word in SPLITS}
        if found:
            return found.pop() if len(found) == 1 else None
    return None


def kind(file: Path) -> str:
    """The format by the name's ending, of an archive also by that of its only file; empty where it
    is none.
    """
    found = _ending(file.name)
    if not found and archived(file) and len(inside := members(file)) == 1:
        return _ending(inside[0])
    return found


def _ending(name: str) -> str:
    name = name.lower()
    for packed in PACKED:
        name = name.removesuffix(packed)
    return PIN if name.endswith(PIN) else next((end for end in READERS if name.endswith(end)), "")


def of_file(file: Path, how: Format) -> Numbered:
    """The rows of a file. Raises MeteorError where its name tells no format that is known, or the
    data are not in it.
    """
    form = kind(file)
    packed = file.name.lower().endswith((*PACKED, ".rar")) or bool(archived(file))
    if form not in READERS or (packed and form in WHOLE):
        known = f"expected {', '.join(READERS)} or *{PIN}"
        if packed:
            holds = ", ".join(map(shortened, members(file)[:9]))
            known = f"it is packed{f' and holds {holds}' if holds else ''}; unpack it first"
        raise MeteorError(f"{file}: not a known table; {known}")
    with file.open("rb") as data:
        if data.read(len(POINTER)) == POINTER:
            raise MeteorError(f"{file}: a pointer of Git LFS, not the data; run `git lfs pull`")
    rows = READERS[form](file, how)
    return with_names(rows, how.named, file) if form in LINES else rows


def _separated(file: Path, how: Format) -> Numbered:
    signs = {"delimiter": how.delimiter, "quote": how.quote}
    return separated.rows_of(file, encoding=how.encoding, named=how.named, **signs)


READERS: dict[str, Callable[[Path, Format], Numbered]] = {
    ".jsonl": lambda file, how: json_rows.lines_or_array(file),
    ".ndjson": lambda file, how: json_rows.lines_or_array(file),
    ".json": lambda file, how: json_rows.rows_of(file, (how.each or "").partition(".")[0] or None),
    ".csv": _separated,
    ".tsv": _separated,
    ".parquet": lambda file, how: arrow.of_parquet(file),
    ".arrow": lambda file, how: arrow.of_arrow(file),
    ".feather": lambda file, how: arrow.of_arrow(file),
    ".xlsx": lambda file, how: workbook.rows_of(file, how.sheet, how.named),
}


def _rows(name: str, numbered: Numbered, how: Format, split: str | None) -> Iterator[Row]:
    for number, content in numbered:
        for part in _each(content, how.each) if how.each else (content,):
            yield Row(f"{name}:{number}", part, split)


def _each(row: Any, path: str) -> Iterator[Any]:
    """The elements of a list inside of a row, and of lists inside of those, each with the fields
    of what is around it.
    """
    name, _, rest = path.partition(".")
    if not isinstance(row, dict) or not isinstance(row.get(name), list):
        yield row
        return
    around = {key: value for key, value in row.items() if key != name}
    for element in row[name]:
        part = {**around, **(element if isinstance(element, dict) else {name: element})}
        yield from _each(part, rest) if rest else (part,)


def _is_hidden(file: Path) -> bool:
    return file.name.startswith((".", "~$")) or file.name in ABOUT


def _is_dataset(path: Path) -> bool:
    if any((path / name).is_file() for name in ("dataset_dict.json", "state.json")):
        return True
    return (path / "dataset_info.json").is_file() and any(path.glob("*.arrow"))


def _dataset(path: Path) -> Iterator[tuple[str, Numbered]]:
    """The splits of a dataset that `save_to_disk` wrote."""
    from datasets import DatasetDict, load_from_disk

    _require_inside(path)
    try:
        found = load_from_disk(str(path))
    except Exception as error:
        raise MeteorError(f"{path}: not a dataset: {error}") from None
    splits = found.items() if isinstance(found, DatasetDict) else [("rows", found)]
    for name, split in splits:
        yield str(name), enumerate(split, start=1)


def _require_inside(path: Path) -> None:
    """Raise MeteorError where a saved dataset names a file or a split outside of its folder."""
    for file in (*path.rglob("state.json"), path / "dataset_dict.json"):
        if not file.is_file():
            continue
        try:
            said = json.loads(file.read_text(encoding="utf-8"))
            names = [part["filename"] for part in said.get("_data_files", ())]
            names += said.get("splits", ())
            out = [name for name in names if leads_out(name)]
        except (OSError, ValueError, LookupError, TypeError, AttributeError, RecursionError):
            raise MeteorError(f"{file}: not the file of a dataset") from None
        if out:
            raise MeteorError(f"{file}: names {shortened(out[0])!r}, which leads out of the folder")


def _hub(file: Path) -> Iterator[tuple[str, Numbered]]:
    from datasets import load_dataset

    try:
        raw = parse_yaml(file.read_text(encoding="utf-8"))
    except (OSError, ValueError, yaml.YAMLError) as error:
        raise MeteorError(no_yaml(file, error)) from None
    hub = parse_settings(Hub, raw, file)
    try:
        found = load_dataset(
            hub.dataset, hub.config, split=hub.split, revision=hub.revision, streaming=True
        )
    except Exception as error:
        raise MeteorError(
            f"{file}: the dataset {hub.dataset!r} cannot be loaded: {type(error).__name__}: {error}"
        ) from None
    splits = [(file.name, found)] if hub.split else list(found.items())
    for name, split in splits:
        yield str(name), enumerate(split, start=1)
