"""`meteor table`: the result in the form of the paper, as Markdown."""

import argparse
import csv
from pathlib import Path

from meteor.core.errors import MeteorError
from meteor.core.judgements import ASPECTS, DIMENSIONS
from meteor.pipeline import arguments_of, written_stage

Row = dict[str, str]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The command line of `meteor table`: it has no arguments."""


def run(arguments: argparse.Namespace) -> None:
    """Print mean scores, and how often each model is preferred over base and the phase before."""
    files = {name: Path(p) for name, p in arguments_of(written_stage("evolution")["cmd"]).items()}
    print("\n".join(scores(read(files["dimensions"]))))
    print()
    print("\n".join(wins(read(files["comparisons"]))))


def read(file: Path) -> list[Row]:
    """The rows of a CSV file with a header."""
    try:
        with file.open(encoding="utf-8", newline="") as lines:
            return list(csv.DictReader(lines))
    except OSError as error:
        raise MeteorError(
            f"{file}: cannot be read ({error.strerror}); `dvc repro` writes it"
        ) from None


def scores(rows: list[Row]) -> list[str]:
    """A line a model: the mean scores, and what unjudged answers leave open."""
    lines = _head("model", *DIMENSIONS, "score", "unjudged")
    for model in dict.fromkeys(row["model"] for row in rows):
        own = {row["dimension"]: row for row in rows if row["model"] == model}
        overall = own["overall"]
        open_ = overall["unjudged"]
        if open_ != "0":
            open_ += f" ({_number(overall['lowest'])} to {_number(overall['highest'])})"
        marks = [_number(own[aspect]["score"]) for aspect in ASPECTS]
        lines.append(_line(model, *marks, open_))
    return lines


def wins(rows: list[Row]) -> list[str]:
    """A line for each two models: how often the answer of each is preferred, in percent."""
    lines = _head("preferred: other / model", *ASPECTS, "95 %", "flips", "equal length", "p")
    kept = [row for row in rows if row["category"] == "all" and row["model"] != row["against"]]
    for model, against in dict.fromkeys((row["model"], row["against"]) for row in kept):
        own = {r["dimension"]: r for r in kept if (r["model"], r["against"]) == (model, against)}
        overall = own["overall"]
        lines.append(
            _line(
                f"{against} / {model}",
                *(_split(own[aspect]["win_rate"]) for aspect in ASPECTS),
                f"{_percent(overall['low'])} to {_percent(overall['high'])}",
                _percent(overall["flip_rate"]),
                _percent(overall["length_controlled"]),
                overall["p"] or "-",
            )
        )
    return lines


def _head(*names: str) -> list[str]:
    return [_line(*names), _line(*("---" for _ in names))]


def _line(*cells: str) -> str:
    return f"| {' | '.join(cells)} |"


def _number(text: str) -> str:
    return f"{float(text):.2f}" if text else "-"


def _percent(text: str) -> str:
    return f"{100 * float(text):.1f}" if text else "-"


def _split(text: str) -> str:
    return f"{100 - 100 * float(text):.1f} / {100 * float(text):.1f}" if text else "-"
