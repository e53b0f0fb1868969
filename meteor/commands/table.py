"""`meteor table`: the result in the form of the paper, as Markdown, and what it shows."""

import argparse
import csv
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from textwrap import fill

from meteor.commands.seeds import between_seeds
from meteor.core.errors import MeteorError
from meteor.core.jsonl import read_records
from meteor.core.judgements import ASPECTS
from meteor.core.verdicts import Verdict
from meteor.evaluation.benchmarks import benchmarks_beside, results_table
from meteor.evaluation.correctness import right
from meteor.pipeline import arguments_of, read_lineage, written_stage
from meteor.report import phases
from meteor.report.accounts import all_totals
from meteor.report.gathering import summaries
from meteor.report.headline import stages_here

Row = dict[str, str]
WIDTH = 100
SHOWN = 0.05
"""A difference is shown where its adjusted p value is below it."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The command line of `meteor table`."""
    parser.add_argument(
        "--seeds", action="store_true", help="how far the results hang on the seed of the trainings"
    )


def run(arguments: argparse.Namespace) -> None:
    """Print mean scores, how often each model is preferred over base and the phase before, what of
    it is shown, and what stands behind it.
    """
    if arguments.seeds:
        print("\n".join(between_seeds()))
        return
    files = {name: Path(p) for name, p in arguments_of(written_stage("evolution")["cmd"]).items()}
    compared = overall(read(files["comparisons"]))
    parts = [
        *correct(read(files["correct"])),
        *scores(read(files["dimensions"])),
        ["Preferred, in %, overall with its 95 % interval; p: sign test, adjusted (Holm):"],
        wins(compared),
        [fill(line, WIDTH) for line in verdict([own["overall"] for own in compared])],
        [fill(line, WIDTH) for line in cost(read(files["phases"]))],
        *phases_of(compared),
        ["Beside it, in %: preferred at equal length, lead in scores, changed by the order:"],
        behind([own["overall"] for own in compared]),
    ]
    metrics = Path(arguments_of(written_stage("score")["cmd"])["out"])
    if known := results_table(benchmarks_beside(metrics)):
        parts += [["Benchmarks (lm-eval), shares in % with their 95 % interval:"], known]
    print("\n\n".join("\n".join(part) for part in parts if part))


def phases_of(compared: Sequence[dict[str, Row]]) -> list[list[str]]:
    """What each phase and control took, beside what came of it; nothing before the first."""
    lineage = read_lineage()
    files = {name: Path(p) for name, p in arguments_of(written_stage("report")["cmd"]).items()}
    verdicts = {file.stem: file for file in files["verdicts"].glob("*.jsonl")}
    known = {name: right(read_records(file, Verdict)) for name, file in verdicts.items()}
    over = [own["overall"] for own in compared if own["overall"]["against"] == "base"]
    wins = {row["model"]: float(row["win_rate"]) for row in over if row["win_rate"]}
    here = stages_here(lineage)
    paid = [total for total in all_totals() if total.stage in here]
    found = phases.table(lineage, summaries(files["rows"]), paid, known, wins)
    if not found:
        return []
    title = (
        "What each phase took, and what came of it; p: McNemar's exact test against the checkpoint "
        f"that it began with; what a point cost where p is below {phases.LEVEL:g}:"
    )
    lines = [[*map(str, found[0])], *([*map(_cell, line)] for line in found[1:])]
    return [[fill(title, WIDTH)], table(lines)]


def read(file: Path) -> list[Row]:
    """The rows of a CSV file with a header."""
    try:
        with file.open(encoding="utf-8", newline="") as lines:
            return list(csv.DictReader(lines))
    except OSError as error:
        raise MeteorError(
            f"{file}: cannot be read ({error.strerror}); `dvc repro` writes it"
        ) from None


def overall(rows: Sequence[Row]) -> list[dict[str, Row]]:
    """The rows over all questions, by dimension, for each two models that were compared."""
    kept = [row for row in rows if row["category"] == "all" and row["model"] != row["against"]]
    pairs = dict.fromkeys((row["model"], row["against"]) for row in kept)
    return [
        {row["dimension"]: row for row in kept if (row["model"], row["against"]) == pair}
        for pair in pairs
    ]


def correct(rows: Sequence[Row]) -> list[list[str]]:
    """Right answers by the verifier, beside those of what each model is compared with; nothing
    where no verifier is chosen.
    """
    if not rows:
        return []
    lines = [
        ["model", "against", "right", "95 %", "the other", "gained", "lost", "p"],
        *(
            [
                *(row["model"], row["against"], _percent(row["correct"])),
                _range(row["low"], row["high"], _percent),
                *(_percent(row["before"]), row["gained"], row["lost"], _p(row["p_holm"])),
            ]
            for row in rows
            if row["category"] == "all" and row["model"] != row["against"]
        ),
    ]
    title = "Right answers in %, by the verifier; p: McNemar's exact test, adjusted (Holm):"
    return [[title], table(lines)]


def scores(rows: Sequence[Row]) -> list[list[str]]:
    """A line a model: the mean scores, the interval of the last, and what unjudged answers leave
    open, where there are any; nothing where the judge gives no scores, as `verifier`.
    """
    if not any(row["score"] for row in rows):
        return []
    lines = [["model", *ASPECTS]]
    unjudged = any(row["unjudged"] != "0" for row in rows)
    if unjudged:
        lines[0].append("unjudged")
    for model in dict.fromkeys(row["model"] for row in rows):
        own = {row["dimension"]: row for row in rows if row["model"] == model}
        last = own["overall"]
        marks = [_number(own[aspect]["score"]) for aspect in ASPECTS]
        marks[-1] += f" ({_range(last['low'], last['high'], _number)})"
        lines.append([model, *marks])
        if unjudged:
            bounds = _range(last["lowest"], last["highest"], _number)
            lines[-1].append(f"{last['unjudged']}: {bounds}" if last["unjudged"] != "0" else "0")
    return [["Mean scores from 1 to 10, overall with its 95 % interval:"], table(lines)]


def wins(compared: Sequence[dict[str, Row]]) -> list[str]:
    """A line for each two models: how often the answer of the first is preferred, in percent."""
    lines = [["model", *ASPECTS, "p"]]
    for own in compared:
        last = own["overall"]
        marks = [_percent(own[aspect]["win_rate"]) for aspect in ASPECTS]
        marks[-1] += f" ({_range(last['low'], last['high'], _percent)})"
        lines.append([pair(last), *marks, _p(last["p_holm"])])
    return table(lines) if compared else []


def verdict(rows: Sequence[Row]) -> Iterator[str]:
    """What so many questions can show, what they show, and what they do not."""
    known = [row for row in rows if row["shows"]]
    if not known:
        return
    least = sorted(float(row["shows"]) for row in known)
    points = " to ".join(dict.fromkeys(f"{100 * end:.0f}" for end in (least[0], least[-1])))
    count = max(int(row["questions"]) for row in known)
    yield f"{count} questions can show a lead of {points} points over 50, and no smaller one."
    shown = [row for row in known if row["p_holm"] and float(row["p_holm"]) < SHOWN]
    lost = [row for row in known if row not in shown]
    several = f"p below {SHOWN:g}, adjusted for {len(known)} comparisons"
    yield f"Shown ({several}): {', '.join(map(_lead, shown)) or 'nothing'}."
    yield f"Not shown: {', '.join(map(_lead, lost)) or 'nothing'}."


def cost(rows: Sequence[Row]) -> Iterator[str]:
    """What training cost the rest of the model: the likelihood of general texts."""
    known = [row for row in rows if row["general_nll"]]
    if not known:
        return
    parts = []
    for row in known:
        part = f"{row['model']} {_number(row['general_nll'])}"
        if row["general_change"]:
            ends = _range(row["general_low"], row["general_high"], _signed)
            part += f" ({_signed(row['general_change'])}, {ends})"
        parts.append(part)
    yield (
        "General texts, nats a token, and the change from base with its 95 % interval (above zero "
        f"the model has forgotten): {'; '.join(parts)}."
    )


def behind(rows: Sequence[Row]) -> list[str]:
    """What stands beside the win rates: equal length, the lead in scores, and the order."""
    head = ["model", "equal length", "95 %", "score lead", "95 %", "p"]
    lines = [[*head, "flips", "inconsistent"]]
    for row in rows:
        lines.append(
            [
                pair(row),
                _percent(row["length_controlled"]),
                _range(row["length_low"], row["length_high"], _percent),
                _signed(row["score_lead"]),
                _range(row["score_low"], row["score_high"], _signed),
                _p(row["score_p"]),
                _percent(row["flips"]),
                _percent(row["inconsistent"]),
            ]
        )
    return table(lines) if rows else []


def pair(row: Row) -> str:
    """Who is held against whom."""
    return f"{row['model']} over {row['against']}"


def table(lines: Sequence[Sequence[str]]) -> list[str]:
    """A Markdown table whose columns are aligned in a terminal of 100 columns too."""
    widths = [max(len(line[place]) for line in lines) for place in range(len(lines[0]))]
    rule = ["-" * widths[0], *("-" * (width - 1) + ":" for width in widths[1:])]
    return [
        " | ".join(
            cell.rjust(width) if place else cell.ljust(width)
            for place, (cell, width) in enumerate(zip(line, widths, strict=True))
        )
        for line in (lines[0], rule, *lines[1:])
    ]


def _cell(value: object) -> str:
    """A number to three digits, whole ones in groups of three."""
    if value is None:
        return "-"
    if isinstance(value, float):
        return f"{value:.3g}" if abs(value) < 1000 else f"{value:,.0f}"
    return f"{value:,}" if isinstance(value, int) else str(value)


def _lead(row: Row) -> str:
    return f"{pair(row)} ({100 * float(row['win_rate']) - 50:+.0f})"


def _number(text: str) -> str:
    return f"{float(text):.2f}" if text else "-"


def _signed(text: str) -> str:
    return f"{float(text):+.2f}" if text else "-"


def _percent(text: str) -> str:
    return f"{100 * float(text):.0f}" if text else "-"


def _range(low: str, high: str, shown: Callable[[str], str]) -> str:
    if not (low and high):
        return "-"
    joined = " to " if shown is _signed else "-"
    return joined.join((shown(low), shown(high)))


def _p(text: str) -> str:
    """Two digits, and no claim below a thousandth."""
    if not text:
        return "-"
    value = float(text)
    return "<0.001" if value < 0.001 else f"{value:#.2g}"
