"""The page itself: sections of figures and tables, the examples, and the lineage."""

import base64
import hashlib
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from meteor.core.jsonl import replacing
from meteor.pipeline import Lineage
from meteor.report import examples, figures, judging, origins, phases
from meteor.report.accounts import Total, all_totals
from meteor.report.figures import Figure
from meteor.report.gathering import BASE, Paths, Run, gather
from meteor.report.headline import stages_here, tiles

HERE = Path(__file__).parent


@dataclass(frozen=True)
class Table:
    """A table with a caption."""

    caption: str
    columns: Sequence[str]
    rows: Sequence[Sequence[object]]


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
    paths: Paths,
    evaluate: Sequence[str],
    rounds: Sequence[str],
    controls: Collection[str],
    lineage: Lineage,
    out: Path,
) -> Run:
    """Write the page from what there is; what is missing is said on it and in the returned run."""
    run = gather(paths, evaluate, rounds, controls)
    run.rows = origins.in_order(run.rows, paths.rows, lineage)
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
    paid = [total for total in all_totals() if total.stage in stages_here(lineage)]
    environment.filters["number"] = _number
    environment.filters["drawn"] = Markup
    environment.filters["link"] = partial(origins.link, lineage=lineage)
    code = (HERE / "page.js").read_text(encoding="utf-8")
    digest = base64.b64encode(hashlib.sha256(code.encode()).digest()).decode()
    return environment.get_template("page.html").render(
        tiles=tiles(run, lineage, paid),
        judged=bool(run.judged) or any(c.right for c in run.checkpoints),
        judge=lineage.param("judge.plugin"),
        missing=run.missing,
        sections=_sections(run, lineage, paid),
        origins=origins.checkpoints(run, lineage),
        stages=origins.stages(lineage),
        questions=len(run.questions),
        index=Markup(examples.script(examples.index(run, origins.checkpoints(run, lineage)))),
        texts=[Markup(examples.script(piece)) for piece in examples.texts(run)],
        trails=Markup(examples.script(examples.trails(run))),
        style=Markup((HERE / "page.css").read_text(encoding="utf-8")),
        code=Markup(code),
        code_hash=digest,
    )


def _sections(run: Run, lineage: Lineage, paid: Sequence[Total]) -> list[Section]:
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
            "Controls are answers that a judge should see through (dressed: a half is due). A "
            "verdict is inconsistent where the order of the answers changes it, and flips where a "
            "win becomes a loss.",
            "The judge's health is not measured yet.",
            judging.health(run),
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
            "phases",
            "What a point of accuracy cost",
            "What each phase took and what came of it, beside its controls. TFLOP are those of "
            "models that run here; what others wrote was paid. A point costs something where the "
            f"gain is shown: more right answers than before it, p below {phases.LEVEL:g} "
            "(McNemar's exact test, each phase alone).",
            "Nothing is trained yet.",
            tables=_phases(run, lineage, paid),
        ),
        Section(
            "cost",
            "What was paid",
            "The calls of these stages to models behind an endpoint, as this machine's ledger had "
            "them when the page was written.",
            "This machine's ledger holds no call of these stages to a model behind an endpoint.",
            tables=_costs(paid),
        ),
    ]


def _phases(run: Run, lineage: Lineage, paid: Sequence[Total]) -> list[Table]:
    right = {c.name: c.right for c in run.checkpoints}
    wins = {c.name: won.mean for c in run.checkpoints if (won := c.wins(BASE, "overall"))}
    found = phases.table(lineage, run.rows, paid, right, wins)
    return [Table("Phases and controls", [*map(str, found[0])], found[1:])] if found else []


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
    """The plain values of a JSON object that are known."""
    rows = [
        (key.replace("_", " "), "; ".join(map(str, value)) if isinstance(value, list) else value)
        for key, value in told.items()
        if value is not None
        and not isinstance(value, dict)
        and not (isinstance(value, list) and any(isinstance(part, dict) for part in value))
    ]
    return [Table(caption, ("what", "value"), rows)] if rows else []


def _gates(run: Run) -> list[Table]:
    """What the gate measured on the dev questions before it let weights pass."""
    keys = list(dict.fromkeys(key for gate in run.gates.values() for key in gate))
    rows = [(name, *(gate.get(key) for key in keys)) for name, gate in run.gates.items()]
    columns = ("checkpoint", *(key.replace("_", " ") for key in keys))
    return [Table("The gate's measurements", columns, rows)] if rows else []


def _costs(paid: Sequence[Total]) -> list[Table]:
    """Calls, tokens and cost by stage and model."""
    columns = ("stage", "model", "day", "calls", "prompt tokens", "answer tokens", "cost")
    rows = [
        (t.stage, t.model, t.day, t.calls, t.prompt_tokens, t.completion_tokens, round(t.cost, 4))
        for t in paid
    ]
    return [Table("Paid calls by stage", columns, rows)] if rows else []


def _number(value: object) -> str:
    """A cell of a table."""
    if value is None:
        return "-"
    if isinstance(value, bool):
        return "yes" if value else "no"
    return f"{value:g}" if isinstance(value, float) else str(value)
