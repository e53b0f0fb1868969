"""The page itself: sections of figures and tables, the examples, and the lineage."""

import base64
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from meteor.core.errors import MeteorError
from meteor.core.jsonl import replacing
from meteor.ledger import Ledger, ledger_path
from meteor.lineage import Lineage
from meteor.preferences import interval, mean
from meteor.report import examples, figures
from meteor.report.figures import Figure
from meteor.report.gathering import Paths, Run, gather
from meteor.scores import reference_nll

HERE = Path(__file__).parent


@dataclass(frozen=True)
class Table:
    """A table with a caption."""

    caption: str
    columns: Sequence[str]
    rows: Sequence[Sequence[object]]


@dataclass(frozen=True)
class Tile:
    """One number of the headline."""

    label: str
    value: str
    note: str = ""


@dataclass(frozen=True)
class Section:
    """A part of the page; `absent` says what is missing where it has no figure and no table."""

    id: str
    title: str
    text: str
    absent: str
    figures: Sequence[Figure] = ()
    tables: Sequence[Table] = field(default_factory=tuple)


def write_report(
    paths: Paths, evaluate: Sequence[str], rounds: Sequence[str], lineage: Lineage, out: Path
) -> Run:
    """Write the page from what there is; what is missing is said on it and in the returned run."""
    run = gather(paths, evaluate, rounds)
    page = render(run, lineage)
    with replacing(out) as file:
        file.write(page)
    return run


def render(run: Run, lineage: Lineage) -> str:
    """The page as text. The one script and the one style are allowed by their hashes alone, so
    that nothing else on the page could run or load, whatever an answer holds.
    """
    from jinja2 import Environment, FileSystemLoader, StrictUndefined
    from markupsafe import Markup

    environment = Environment(
        loader=FileSystemLoader(HERE),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["number"] = _number
    environment.filters["drawn"] = Markup
    code = (HERE / "page.js").read_text(encoding="utf-8")
    digest = base64.b64encode(hashlib.sha256(code.encode()).digest()).decode()
    return environment.get_template("page.html").render(
        tiles=_tiles(run),
        judge=lineage.param("judge.plugin"),
        missing=run.missing,
        sections=_sections(run),
        origins=_origins(run, lineage),
        questions=len(run.questions),
        index=Markup(examples.script(examples.index(run))),
        texts=[Markup(examples.script(piece)) for piece in examples.texts(run)],
        trails=Markup(examples.script(examples.trails(run))),
        style=Markup((HERE / "page.css").read_text(encoding="utf-8")),
        code=Markup(code),
        code_hash=digest,
    )


def _sections(run: Run) -> list[Section]:
    return [
        Section(
            "evolution",
            "Evolution over the phases",
            "Each checkpoint answers the same held-out questions in the same way. Bars are 95% "
            "intervals over the questions.",
            "No checkpoint has answers yet.",
            figures.evolution(run),
        ),
        Section(
            "dimensions",
            "Dimensions",
            "The judge's scores from 1 (worst) to 10 (best).",
            "No answer is judged yet.",
            [*figures.dimensions(run), *figures.categories(run)],
        ),
        Section(
            "phase-2",
            "Phase 2: drafts and advice",
            "The student answers, the advisor corrects, the student answers again.",
            "No round of phase 2 is finished yet.",
            figures.acceptance(run),
        ),
        Section(
            "phase-3",
            "Quality and computation",
            "What one answer costs the model, and how good it is.",
            "No answer is judged yet, or the student does not count its computation.",
            figures.computation(run),
        ),
        Section(
            "judge",
            "Can the judge be believed?",
            "Controls are answers that a judge should see through; a verdict flips where it "
            "depends on which answer was shown first.",
            "The judge's health is not measured yet.",
            figures.health(run),
            [*_facts("The judge", run.health), *_facts("Distilled answers", run.quality)],
        ),
        Section(
            "training",
            "Training",
            "The training loss, step by step.",
            "No training is finished yet.",
            figures.training(run),
            _gates(run),
        ),
        Section(
            "rows",
            "What became of the rows",
            "Rows in = rows out + rejected + failed, for every stage.",
            "No stage is finished yet.",
            figures.funnel(run),
            _reasons(run),
        ),
        Section(
            "cost",
            "What was paid",
            "All calls of this user's ledger to models behind an endpoint, as it stood when this "
            "page was written.",
            "The ledger holds no paid call: every part ran on this machine.",
            tables=_costs(),
        ),
    ]


def _tiles(run: Run) -> list[Tile]:
    """The headline: the last judged checkpoint against base."""
    if not run.judged:
        return []
    last, base = run.judged[-1], run.base
    overall = mean([j.scores.overall for j in last.judgements.values()])
    tiles = []
    if won := last.shares(figures.BASE, "overall") if last is not base else []:
        low, high = interval(won)
        tiles.append(Tile("wins against base", f"{mean(won):.0%}", f"95%: {low:.0%} to {high:.0%}"))
    before = mean([j.scores.overall for j in base.judgements.values()]) if base else None
    scores = [before, overall] if last is not base else [overall]
    tiles += _change("overall score", "1 to 10", scores, 2)
    tiles += _change(
        "NLL of experts' answers",
        "nats a token, lower is better",
        [reference_nll(list(c.answers.values())) for c in (base, last) if c],
    )
    tiles += _change(
        "TFLOPs an answer",
        "computation of one answer",
        [
            mean([a.flops / 1e12 for a in c.answers.values() if a.flops is not None])
            for c in (base, last)
            if c
        ],
    )
    if seconds := [row["seconds"] for row in run.rows.values() if "seconds" in row]:
        tiles.append(Tile("training", _duration(sum(seconds)), f"{len(seconds)} trainings"))
    return tiles


def _change(label: str, note: str, values: Sequence[float | None], digits: int = 3) -> list[Tile]:
    known = [value for value in values if value is not None]
    shown = " → ".join(dict.fromkeys(f"{value:.{digits}f}" for value in known))
    return [Tile(label, shown, note)] if known else []


def _duration(seconds: float) -> str:
    return f"{seconds / 3600:.1f} h" if seconds >= 3600 else f"{seconds / 60:.1f} min"


def _reasons(run: Run) -> list[Table]:
    rejected = [
        (stage, "rejected", reason, count)
        for stage, summary in run.rows.items()
        for reason, count in summary.get("rejected", {}).items()
    ]
    failed = [
        (stage, "failed", f"{row['id']}: {row['error']}", 1)
        for stage, summary in run.rows.items()
        for row in summary.get("failed", [])
    ]
    rows = [*rejected, *failed]
    return (
        [Table("Why rows were left out", ("stage", "became", "reason", "rows"), rows)]
        if rows
        else []
    )


def _facts(caption: str, told: dict[str, Any]) -> list[Table]:
    """The plain values of a JSON object."""
    rows = [
        (key.replace("_", " "), ", ".join(map(str, value)) if isinstance(value, list) else value)
        for key, value in told.items()
        if not isinstance(value, dict)
        and not (isinstance(value, list) and any(isinstance(part, dict) for part in value))
    ]
    return [Table(caption, (caption, ""), rows)] if rows else []


def _gates(run: Run) -> list[Table]:
    """What the gate measured on the dev questions before it let weights pass."""
    keys = list(dict.fromkeys(key for gate in run.gates.values() for key in gate))
    rows = [(name, *(gate.get(key) for key in keys)) for name, gate in run.gates.items()]
    return [Table("Gate", ("checkpoint", *keys), rows)] if rows else []


def _costs() -> list[Table]:
    """Calls, tokens and cost by stage and model; a ledger that is not there is not made."""
    from meteor.accounts import totals

    if not ledger_path().exists():
        return []
    try:
        with Ledger() as ledger:
            sums = list(totals(ledger))
    except MeteorError:
        return []
    columns = ("stage", "model", "day", "calls", "prompt tokens", "answer tokens", "cost")
    rows = [
        (t.stage, t.model, t.day, t.calls, t.prompt_tokens, t.completion_tokens, round(t.cost, 4))
        for t in sums
    ]
    return [Table("Paid calls by stage", columns, rows)] if rows else []


def _origins(run: Run, lineage: Lineage) -> list[dict[str, Any]]:
    """For each checkpoint: its hash, what it was trained on, its answers and judgements."""
    found = []
    for checkpoint in run.checkpoints:
        answers = run.paths.answers / f"{checkpoint.name}.jsonl"
        judgements = run.paths.judgements / f"{checkpoint.name}.jsonl"
        stage = lineage.maker(str(answers))
        weights = stage.arguments["checkpoint"] if stage else None
        maker = lineage.maker(weights) if weights else None
        found.append(
            {
                "name": checkpoint.name,
                "weights": (weights, lineage.hash(weights)) if weights else None,
                "stage": maker.name if maker else None,
                "inputs": sorted(lineage.data(maker).items()) if maker else [],
                "files": [(str(p), lineage.hash(str(p))) for p in (answers, judgements)],
            }
        )
    return found


def _number(value: object) -> str:
    """A cell of a table."""
    if value is None:
        return "-"
    return f"{value:g}" if isinstance(value, float) else str(value)
