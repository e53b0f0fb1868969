"""The report's figures: a chart, the same numbers as a table, and the files they come from."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from meteor.core.judgements import DIMENSIONS
from meteor.core.likelihood import nats_per_token
from meteor.evaluation.forgetting import change
from meteor.evaluation.preferences import mean
from meteor.evaluation.scores import reference_nll
from meteor.report import charts
from meteor.report.gathering import BASE, Checkpoint, Estimate, Run


@dataclass(frozen=True)
class Figure:
    """A chart (`svg` is drawn by this program), its numbers, and the files that they come from."""

    title: str
    svg: str
    columns: Sequence[str]
    rows: Sequence[Sequence[object]]
    sources: Sequence[str]


def evolution(run: Run) -> list[Figure]:
    """How scores and likelihood changed over the phases."""
    found, apart = [], {c.name for c in run.checkpoints if c.control}
    right = [
        _spread(c.name, "correct", share)
        for c in run.checkpoints
        if (share := c.correct()) is not None
    ]
    if right:
        svg = charts.over_phases(
            right, "correct", "right answers, by the verifier", share=True, apart=apart
        )
        found.append(figure("Right answers", svg, right, [run.paths.verdicts]))
    scores = [
        _spread(c.name, "score", score) for c in run.judged if (score := c.score()) is not None
    ]
    if scores:
        svg = charts.over_phases(scores, "score", "overall score, 1 to 10", apart=apart)
        found.append(figure("Overall score", svg, scores, [run.paths.judgements]))
    won = [
        _spread(c.name, "share", wins)
        for c in run.checkpoints
        if c.name != BASE and (wins := c.wins(BASE, "overall"))
    ]
    if won:
        svg = charts.over_phases(won, "share", "questions won, ties half", share=True, apart=apart)
        found.append(figure("Wins against base", svg, won, [run.paths.preferences]))
    likely = [
        {"checkpoint": c.name, "nll": round(nll, 4)}
        for c in run.checkpoints
        if (nll := reference_nll(list(c.answers.values()))) is not None
    ]
    if likely:
        svg = charts.over_phases(likely, "nll", "nats a token, lower is better", apart=apart)
        found.append(figure("NLL of the experts' answers", svg, likely, [run.paths.answers]))
    general = [
        {"checkpoint": c.name, "nll": round(nll, 4), **_from_base(run, c)}
        for c in run.checkpoints
        if (nll := nats_per_token(c.general)) is not None
    ]
    if general:
        svg = charts.over_phases(general, "nll", "nats a token, lower is better", apart=apart)
        title = "NLL of general texts: what training costs the rest"
        found.append(figure(title, svg, general, [run.paths.likelihoods]))
    return found


def _from_base(run: Run, checkpoint: Checkpoint) -> dict[str, float]:
    """How much less likely the general texts are than for base, with the interval."""
    base = next((c for c in run.checkpoints if c.name == BASE), None)
    if base is None or base is checkpoint:
        return {}
    found = change(checkpoint.general, base.general)
    named = zip(
        ("change", "change_low", "change_high"), (found.value, *found.interval), strict=True
    )
    return {name: round(value, 4) for name, value in named if value is not None}


def dimensions(run: Run) -> list[Figure]:
    """Scores by dimension, and wins of the last checkpoint by dimension."""
    rows: list[Mapping[str, Any]] = [
        {"dimension": name, "checkpoint": c.name, "score": round(value, 3)}
        for name in DIMENSIONS
        for c in run.judged
        if (value := mean([j.scores.get(name) for j in c.judgements.values()])) is not None
    ]
    found = []
    if rows:
        svg = charts.dots(rows, "dimension", "score", "mean score, 1 to 10")
        cells = ("dimension", "checkpoint", "score")
        found.append(figure("Score by dimension", svg, rows, [run.paths.judgements], cells))
    won = [
        {"dimension": name, **_spread(c.name, "share", wins)}
        for c in run.phases[-1:]
        for name in DIMENSIONS
        if c.name != BASE and (wins := c.wins(BASE, name))
    ]
    if won:
        svg = charts.dots(won, "dimension", "share", "questions won, ties half", share=True)
        title = f"Wins of {won[0]['checkpoint']} against base"
        found.append(figure(title, svg, won, [run.paths.preferences]))
    return found


def categories(run: Run) -> list[Figure]:
    """Mean overall score by category of the question."""
    names = dict.fromkeys(q.category or "no category" for q in run.questions)
    rows = [
        {"category": name, "checkpoint": c.name, "score": round(value, 3)}
        for name in sorted(names)
        for c in run.judged
        if (value := mean(_of_category(run, c, name))) is not None
    ]
    if not rows:
        return []
    svg = charts.dots(rows, "category", "score", "mean overall score, 1 to 10")
    sources = [run.paths.judgements, run.paths.questions]
    cells = ("category", "checkpoint", "score")
    return [figure("Score by category", svg, rows, sources, cells)]


def acceptance(run: Run) -> list[Figure]:
    """Phase 2: the share accepted by each attempt, and how many attempts questions took."""
    most = max((len(row.attempts) for rows in run.refinements.values() for row in rows), default=0)
    shares, counts = [], []
    for name, rows in run.refinements.items():
        for attempt in range(1, most + 1):
            done = sum(row.accepted and len(row.attempts) <= attempt for row in rows)
            ended = sum(row.accepted and len(row.attempts) == attempt for row in rows)
            share = round(done / len(rows), 4)
            shares.append({"round": name, "attempt": attempt, "share": share})
            label = f"accepted at {attempt}"
            counts.append({"round": name, "outcome": label, "questions": ended, "order": attempt})
        never = sum(not row.accepted for row in rows)
        last = {"round": name, "outcome": "never accepted", "questions": never}
        counts.append({**last, "order": most + 1})
    if not shares:
        return []
    titles = ("attempts", "questions accepted")
    accepted = charts.lines(shares, "attempt", "share", "round", titles)
    colours = [*charts.shades(most), charts.REJECTED]
    taken = charts.bars(counts, "round", "questions", "outcome", "questions", colours)
    source = [run.paths.refinements]
    return [
        figure("Accepted by attempt", accepted, shares, source, ("attempt", "round", "share")),
        figure(
            "Attempts that questions took", taken, counts, source, ("outcome", "round", "questions")
        ),
    ]


def computation(run: Run) -> list[Figure]:
    """Quality against the computation of one answer."""
    rows = [
        {"checkpoint": c.name, "tflops": round(flops / 1e12, 4), "score": round(score, 3)}
        for c in run.judged
        if (flops := mean([a.flops for a in c.answers.values() if a.flops is not None]))
        and (score := mean([j.scores.overall for j in c.judgements.values()])) is not None
    ]
    titles = ("TFLOPs an answer", "overall score, 1 to 10")
    sources = [run.paths.answers, run.paths.judgements]
    found = []
    if rows:
        svg = charts.scatter(rows, "tflops", "score", titles)
        found.append(figure("Checkpoints: quality against computation", svg, rows, sources))
    decoded = [
        {
            "checkpoint": f"{row['turn']} {row['strategy']}",
            "tflops": float(row["tflops"]),
            "score": float(row["score"]),
        }
        for row in run.strategies
        if row.get("tflops") and row.get("score")
    ]
    if decoded:
        svg = charts.scatter(decoded, "tflops", "score", titles)
        title = "Pairs: quality against computation"
        found.append(figure(title, svg, decoded, [run.paths.strategies]))
    return found


def funnel(run: Run) -> list[Figure]:
    """What became of the rows of each stage."""
    rows = [
        {"stage": stage, "became": kind, "rows": summary["rows"][kind], "order": order}
        for stage, summary in run.rows.items()
        if "rows" in summary
        for order, kind in enumerate(("out", "rejected", "failed"))
    ]
    if not rows:
        return []
    colours = (charts.OUT, charts.REJECTED, charts.FAILED)
    svg = charts.bars(rows, "stage", "rows", "became", "rows", colours)
    cells = ("stage", "became", "rows")
    return [figure("Rows of each stage", svg, rows, [run.paths.rows], cells)]


def training(run: Run) -> list[Figure]:
    """The loss over the steps of each training."""
    return [
        figure(
            f"Loss of {name}",
            charts.lines(
                [{**row, "checkpoint": name} for row in rows],
                "step",
                "loss",
                "checkpoint",
                ("step", "loss"),
            ),
            rows,
            [run.paths.training / f"{name}.csv"],
        )
        for name, rows in run.training.items()
        if rows
    ]


def _spread(name: str, field: str, found: Estimate) -> dict[str, Any]:
    """A row with the mean and its interval."""
    ends = {"low": found.low, "high": found.high}
    known = {field: found.mean, **{end: value for end, value in ends.items() if value is not None}}
    return {"checkpoint": name, **{key: round(value, 4) for key, value in known.items()}}


def _of_category(run: Run, checkpoint: Checkpoint, name: str) -> list[float]:
    wanted = {q.id for q in run.questions if (q.category or "no category") == name}
    return [j.scores.overall for i, j in checkpoint.judgements.items() if i in wanted]


def figure(
    title: str,
    svg: str,
    rows: Sequence[Mapping[str, Any]],
    sources: Sequence[object],
    cells: tuple[str, str, str] | None = None,
) -> Figure:
    """A figure whose table has a line for each row; or, with `cells`, a line for each value of the
    first of these fields, a column for each of the second, and in it the third.
    """
    if cells:
        columns, table = _crossed(rows, *cells)
    else:
        columns = [name for name in rows[0] if name != "order"]
        table = [[row.get(name) for name in columns] for row in rows]
    return Figure(title, svg, columns, table, [str(source) for source in sources])


def _crossed(
    rows: Sequence[Mapping[str, Any]], line: str, column: str, cell: str
) -> tuple[list[str], list[list[Any]]]:
    columns = list(dict.fromkeys(row[column] for row in rows))
    lines: dict[Any, dict[str, Any]] = {}
    for row in rows:
        lines.setdefault(row[line], {})[row[column]] = row[cell]
    return [line, *columns], [[name, *map(of.get, columns)] for name, of in lines.items()]
