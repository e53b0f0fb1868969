"""`meteor show`: look at a file of records in the terminal, with filters."""

import argparse
import itertools
import json
import random
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from meteor.core.errors import MeteorError, SettingsError
from meteor.core.shown import one_line, shown


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The command line of `meteor show`."""
    parser.add_argument("file", type=Path, help="a file of records, as a stage writes it")
    parser.add_argument("--id", help="only the record with this id")
    parser.add_argument("--category", help="only questions of this category")
    parser.add_argument("--min-score", type=int, help="only questions with at least this score")
    parser.add_argument("--grep", help="only records in which this regular expression is found")
    parser.add_argument("--lacks", help="only records in which this field is empty, as answer")
    parser.add_argument("--limit", type=int, default=5, help="how many (default 5); 0: all")
    parser.add_argument("--sample", type=int, metavar="SEED", help="any, not the first ones")


def run(arguments: argparse.Namespace) -> None:
    """Run the command."""
    try:
        pattern = re.compile(arguments.grep or "", re.IGNORECASE)
    except re.error as error:
        raise SettingsError(f"--grep: not a regular expression: {error}") from None
    if arguments.limit < 0:
        raise SettingsError(f"--limit {arguments.limit}: a number from 0 on; 0 shows all")
    fitting = (r for r in _records(arguments.file) if _fits(r, arguments, pattern))
    limit = arguments.limit or None
    if arguments.sample is None:
        chosen = list(itertools.islice(fitting, limit))
    else:
        chosen = _sample(fitting, limit, random.Random(arguments.sample))
    _print(chosen)
    more = " (there may be more: --limit 0 shows all)" if len(chosen) == limit else ""
    print(f"{len(chosen)} records{more}")


def _records(file: Path) -> Iterator[dict[str, Any]]:
    number = 0
    try:
        with file.open("rb") as lines:
            for number, line in enumerate(lines, start=1):  # noqa: B007 (an error names it)
                record = json.loads(line)
                if not isinstance(record, dict):
                    raise ValueError("not an object")
                yield record
    except OSError as error:
        raise MeteorError(f"{file}: cannot be read ({error.strerror})") from None
    except (ValueError, RecursionError) as error:
        raise MeteorError(f"{file}:{number}: not a record: {error}") from None


def _fits(record: dict[str, Any], arguments: argparse.Namespace, pattern: re.Pattern[str]) -> bool:
    about = {**(_question(record) or {}), **record}
    score = about.get("score") or 0
    return (
        arguments.id in (None, str(record.get("id")))
        and arguments.category in (None, about.get("category"))
        and (
            arguments.min_score is None
            or (isinstance(score, int | float) and score >= arguments.min_score)
        )
        and (arguments.lacks is None or not about.get(arguments.lacks))
        and any(pattern.search(text) for text in _texts(record))
    )


def _question(record: dict[str, Any]) -> dict[str, Any] | None:
    """The question that a record carries; None where it is one itself, or a raw row, in which
    `question` may be a text.
    """
    question = record.get("question")
    return question if isinstance(question, dict) else None


def _texts(value: Any) -> Iterator[str]:
    """Every text in a record, at any depth."""
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, list):
        for part in value:
            yield from _texts(part)
    else:
        yield str(value)


def _sample(
    records: Iterator[dict[str, Any]], limit: int | None, chance: random.Random
) -> list[dict[str, Any]]:
    """Any `limit` of the records, each as likely as the others, in the order of the file."""
    if limit is None:
        return list(records)
    chosen = list(enumerate(itertools.islice(records, limit)))
    for number, record in enumerate(records, start=limit):
        place = chance.randrange(number + 1)
        if place < limit:
            chosen[place] = (number, record)
    return [record for _, record in sorted(chosen, key=lambda pair: pair[0])]


def _print(records: list[dict[str, Any]]) -> None:
    from rich.console import Console
    from rich.markdown import Markdown
    from rich.rule import Rule
    from rich.text import Text

    console = Console()
    for record in records:
        question = _question(record) or record
        heading = f"{record.get('id', '')}  {question.get('title', '')}"
        console.print(Rule(Text(one_line(heading))))
        for name, value in {**question, **record}.items():
            told = name in ("id", "title") or (name == "question" and question is not record)
            if told or value in (None, "", [], {}):
                continue
            if isinstance(value, str) and name in ("body", "answer", "text", "guideline"):
                console.print(Text(f"\n{one_line(name)}", style="bold"))
                console.print(Markdown(shown(value), hyperlinks=False))
            else:
                text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
                console.print(Text(f"{one_line(name)}: ", style="bold") + Text(shown(text)))
        console.print()
