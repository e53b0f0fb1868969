"""`meteor look`: what a file holds, how its rows would be read, and the `source:` block for it."""

import argparse
import itertools
import json
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from meteor.core.errors import MeteorError, SettingsError
from meteor.core.records import Failed, Question, Rejected
from meteor.core.yaml12 import parse_yaml


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The command line of `meteor look`."""
    parser.add_argument(
        "file", type=Path, help="a table, a dump, a dataset's folder, a folder of tables"
    )
    parser.add_argument("--rows", type=int, default=5, help="rows to show (default 5)")
    parser.add_argument(
        "--first", type=int, default=1000, help="rows to look at (default 1000); 0: all"
    )
    parser.add_argument(
        "--set",
        action="append",
        default=[],
        metavar="NAME=VALUE",
        help="a setting of the source, as title=headline; may be given again",
    )


def run(arguments: argparse.Namespace) -> None:
    """Run the command."""
    from meteor.core.params import load_params

    path: Path = arguments.file
    for name in ("rows", "first"):
        if (value := getattr(arguments, name)) < 0:
            raise SettingsError(f"--{name} {value}: a number from 0 on")
    if not path.exists():
        raise MeteorError(f"{path}: no such file or folder")
    limit = arguments.first or None
    name = plugin_of(path)
    given = _given(arguments.set)
    params = _settings(name, given)
    found = columns_of(path, limit, params) if name == "table" else None
    if found and not found.rows:
        raise MeteorError(f"{path}: there is no row in it")
    settings = {**(found.chosen if found else {}), **given}
    if name == "stackexchange":  # else the tags of machine learning alone
        settings = {"others": True, **settings}
    if found:
        _print_columns(path, found)
        if not any({**found.chosen, **given}.get(name) for name in ("title", "body")):
            print("\nNo column has a usual name; say which is the question: --set title=COLUMN")
            print("or, where no row names them, what they are: --set 'columns=[question, answer]'")
            return
    _print_rows(_read(path, name, settings, load_params().cleaning, limit), arguments.rows, limit)
    print("\nTo read it so, put into params.yaml:\n")
    print(block(path, name, settings))


def plugin_of(path: Path) -> str:
    """The source that reads a path, by what is there."""
    from meteor.sources.archives import archived, members

    files = [path] if path.is_file() else list(path.iterdir())
    inside = [name for file in files if archived(file) for name in members(file)]
    names = [name.lower() for name in (*(file.name for file in files), *inside)]
    if any("posts.xml" in name or name.endswith((".7z", ".xml")) for name in names):
        return "stackexchange"
    if any(name.endswith("_data.json") for name in names) and _has_authors_fields(path):
        return "meteor_json"
    return "table"


@dataclass
class Columns:
    """The columns of a table: how many rows have each, and a value of each; what `auto` reads."""

    rows: int = 0
    filled: Counter[str] = field(default_factory=Counter)
    examples: dict[str, Any] = field(default_factory=dict)
    chosen: dict[str, str | None] = field(default_factory=dict)


def columns_of(path: Path, limit: int | None, params: Any) -> Columns:
    """The columns of the first rows of a table, read with these settings of `table`."""
    from meteor.sources.columns import MISSING, holes, value_at
    from meteor.sources.fields import named, resolved
    from meteor.sources.forms import usual
    from meteor.sources.headers import Named
    from meteor.sources.joined import questions_and_answers, with_trees
    from meteor.sources.rows import SAMPLE
    from meteor.sources.tables import Format, rows_of
    from meteor.sources.values import is_nothing

    signs = {part: getattr(params, part) for part in ("encoding", "delimiter", "quote", "sheet")}
    how = Format(
        **signs, each=params.each, named=Named(params.header, params.columns, named(params))
    )
    joined = questions_and_answers(path, how)
    tables = iter([joined] if joined else (rows for _, rows in rows_of(path, how)))
    rows = usual(with_trees(next(tables, iter(()))))
    found = Columns()
    contents = [row.content for row in itertools.islice(rows, limit)]
    for content in contents:
        found.rows += 1
        for column, value in content.items() if isinstance(content, dict) else ():
            found.filled[str(column)] += not is_nothing(value)
            if not is_nothing(value):
                found.examples.setdefault(str(column), value)
    there = [content for content in contents if isinstance(content, dict)]
    for name, column in resolved(params, contents[:SAMPLE]).items():
        parts = holes(column) if column else []
        if any(value_at(row, part) is not MISSING for row in there for part in parts):
            found.chosen[name] = column
        elif name in ("title", "body"):
            found.chosen[name] = None
    return found


def block(path: Path, plugin: str, settings: Mapping[str, Any]) -> str:
    """The section of params.yaml that reads a path."""
    lines = ["source:", f"  plugin: {plugin}", f"  path: {_yaml(str(path))}"]
    if settings:
        lines += [f"  {plugin}:", *(f"    {name}: {_yaml(v)}" for name, v in settings.items())]
    return "\n".join(lines)


def _given(texts: list[str]) -> dict[str, Any]:
    """The settings of the source that the user says."""
    settings: dict[str, Any] = {}
    for text in texts:
        name, sign, value = text.partition("=")
        if not sign:
            raise SettingsError(f"--set {text}: expected NAME=VALUE")
        settings[name] = re.sub(r"\\([nt\\])", lambda escape: ESCAPES[escape[1]], value)
        if LITERAL.fullmatch(value):
            settings[name] = parse_yaml(value)
    return settings


def _settings(name: str, given: Mapping[str, Any]) -> Any:
    """The settings of a source. Raises SettingsError for one that it does not know."""
    from meteor.core.roles import plugin_settings
    from meteor.core.settings import parse_settings

    return parse_settings(plugin_settings("source", name), dict(given), Path("--set"))


@dataclass
class Looked:
    """What became of rows: the first questions, and why others are none."""

    rows: int = 0
    questions: list[Question] = field(default_factory=list)
    reasons: dict[str, list[str]] = field(default_factory=dict)
    parts: Counter[str] = field(default_factory=Counter)
    splits: Counter[str] = field(default_factory=Counter)


def _read(
    path: Path, name: str, settings: Mapping[str, Any], cleaning: Any, limit: int | None
) -> Looked:
    from meteor.core.roles import find_plugin, load_plugin
    from meteor.sources.cleaning import clean

    source = load_plugin("source", name, find_plugin("source", name), dict(settings))
    looked = Looked()
    stream: Iterator[Question | Failed] = source.stream("source_load", Question, path=path)
    for row in itertools.islice(stream, limit):
        done = row if isinstance(row, Failed) else clean(row, cleaning)
        looked.rows += 1
        if isinstance(done, Failed):
            kind = "left out" if isinstance(done, Rejected) else "cannot be read"
            looked.reasons.setdefault(f"{kind}: {done.error}", []).append(done.id)
            continue
        looked.questions.append(done)
        parts = {"body": done.body, "answer": done.answer, "category": done.category}
        looked.parts.update(part for part, value in parts.items() if value)
        looked.parts["check"] += done.check is not None
        if done.split:
            looked.splits[done.split] += 1
    return looked


def _print_columns(path: Path, found: Columns) -> None:
    print(f"{path}: {found.rows} rows looked at{_form(path)}\n")
    width = max(map(len, found.filled), default=0)
    used = {column: name for name, column in found.chosen.items() if column}
    for column, filled in found.filled.items():
        share = f"{filled / found.rows:4.0%}"
        example = _short(found.examples.get(column), 60)
        read_as = used.get(column) or next(
            (name for whole, name in used.items() if f"{{{column}}}" in whole), ""
        )
        arrow = f"-> {read_as}" if read_as else ""
        print(f"  {column:{width}}  {share}  {example:62} {arrow}".rstrip())


def _form(path: Path) -> str:
    """How a table of separated values is written, as far as it was seen."""
    from meteor.sources.encodings import encoding_of, text
    from meteor.sources.separated import SNIFFED, dialect_of, lines_above
    from meteor.sources.tables import kind
    from meteor.sources.unpacking import opened

    if not path.is_file() or kind(path) not in (".csv", ".tsv"):
        return ""
    encoding = encoding_of(path)
    with opened(path) as data:
        lines = list(itertools.islice(text(data, encoding), SNIFFED))
    how = dialect_of(lines[lines_above(lines, None, None) :])
    return f"; separated by {how.delimiter!r}, quotes {how.quote}, {encoding}"


def _print_rows(looked: Looked, count: int, limit: int | None) -> None:
    for question in looked.questions[:count]:
        print(f"\n--- {question.id}  {question.title}")
        about = question.model_dump(exclude_none=True, exclude={"id", "title", "body", "answer"})
        told = {name: value for name, value in about.items() if value != ""}
        if told:
            print("    " + "  ".join(f"{name}: {_short(v, 60)}" for name, v in told.items()))
        for name, value in (("body", question.body), ("answer", question.answer)):
            if value:
                print(f"{name}:\n" + _indented(value))
    kept = len(looked.questions)
    more = " (the first ones)" if limit is not None and looked.rows == limit else ""
    print(f"\n{looked.rows} rows{more} = {kept} questions + {looked.rows - kept} not read")
    for reason, ids in sorted(looked.reasons.items(), key=lambda item: -len(item[1]))[:12]:
        print(f"  {len(ids):6} {reason} (first: {ids[0]})")
    shares = (f"{part} {looked.parts[part] / max(kept, 1):.0%}" for part in PARTS)
    print(f"of the questions have: {', '.join(shares)}")
    if looked.splits:
        splits = ", ".join(f"{name} {rows}" for name, rows in looked.splits.items())
        print(f"splits of the data: {splits}")


LITERAL = re.compile(r"null|true|false|-?\d+|\[.*\]")
"""Values of `--set` that are no texts."""
ESCAPES = {"n": "\n", "t": "\t", "\\": "\\"}
"""What a backslash before a sign stands for in `--set`."""
PARTS = ("body", "answer", "category", "check")


def _indented(text: str, most: int = 12) -> str:
    lines = text.split("\n")
    more = [f"    ... ({len(lines) - most} more lines)"] if len(lines) > most else []
    return "\n".join([*(f"    {line}" for line in lines[:most]), *more])


def _short(value: Any, most: int) -> str:
    text = json.dumps(value, ensure_ascii=False, default=str)
    return text if len(text) <= most else text[: most - 3] + "..."


def _yaml(value: Any) -> str:
    """A value on one line; a text that would be read as something else stands in quotes."""
    if isinstance(value, str):
        plain = value.replace("_", "").replace("-", "").isalnum() and parse_yaml(value) == value
        return value if plain else json.dumps(value, ensure_ascii=False)
    if isinstance(value, list):
        return f"[{', '.join(map(_yaml, value))}]"
    return (
        "null" if value is None else str(value).lower() if isinstance(value, bool) else str(value)
    )


def _has_authors_fields(path: Path) -> bool:
    from meteor.sources.json_rows import rows_of

    file = path if path.is_file() else next(iter(sorted(path.glob("*_data.json"))))
    first = next(rows_of(file), (0, None))[1]
    return isinstance(first, dict) and {"title", "question_content"} <= set(first)
