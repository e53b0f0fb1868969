"""The report's figures: a chart, the same numbers as a table, and the files they come from."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from meteor.core.records import DIMENSIONS, Aspect, Judgement
from meteor.report import charts
from meteor.report.gathering import Checkpoint, Run
from meteor.scores import TIE, mean, reference_nll

RESAMPLES = 2000


@dataclass(frozen=True)
class Figure:
    """A chart (`svg` is drawn by this program), its numbers, and the files that they come from."""

    title: str
    svg: str
    columns: Sequence[str]
    rows: Sequence[Sequence[object]]
    sources: Sequence[str]


def interval(values: Sequence[float]) -> tuple[float, float]:
    """The 95% interval of a mean: percentile bootstrap over the questions, the same every time."""
    import numpy as np

    sample = np.asarray(values, dtype=float)
    chosen = np.random.default_rng(0).integers(0, len(sample), (RESAMPLES, len(sample)))
    low, high = np.percentile(sample[chosen].mean(axis=1), [2.5, 97.5])
    return float(low), float(high)


def wins(checkpoint: Checkpoint, base: Checkpoint, aspect: Aspect) -> list[float]:
    """The checkpoint's share of each question: what the judge preferred over both orders, or,
    where it compared nothing, 1 where its score is higher than base's and 0.5 for a tie.
    """
    if compared := checkpoint.against(base.name):
        return [row.share(aspect) for row in compared.values()]
    both = [i for i in checkpoint.judgements if i in base.judgements]
    gaps = [
        _score(checkpoint.judgements[i], aspect) - _score(base.judgements[i], aspect) for i in both
    ]
    return [0.5 if abs(gap) < TIE else float(gap > 0) for gap in gaps]


def _score(judgement: Judgement, aspect: Aspect) -> float:
    scores = judgement.scores
    return scores.overall if aspect == "overall" else scores.get(aspect)


def evolution(run: Run) -> list[Figure]:
    """How scores and likelihood changed over the phases."""
    found = []
    scores = [
        _spread(c.name, "score", [j.scores.overall for j in c.judgements.values()])
        for c in run.judged
    ]
    if scores:
        svg = charts.over_phases(scores, "score", "overall score, 1 to 10")
        found.append(_figure("Overall score", svg, scores, [run.paths.judgements]))
    if run.base:
        rows = [
            _spread(c.name, "share", wins(c, run.base, "overall"))
            for c in run.judged
            if c is not run.base
        ]
        if rows:
            svg = charts.over_phases(rows, "share", "share of questions won, ties half")
            found.append(_figure("Wins against base", svg, rows, [run.paths.preferences]))
    likely = [
        {"checkpoint": c.name, "nll": round(nll, 4)}
        for c in run.checkpoints
        if (nll := reference_nll(list(c.answers.values()))) is not None
    ]
    if likely:
        svg = charts.over_phases(likely, "nll", "nats a token, lower is better")
        found.append(
            _figure("Likelihood of the experts' answers", svg, likely, [run.paths.answers])
        )
    return found


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
        found.append(_figure("Score by dimension", svg, rows, [run.paths.judgements]))
    if run.base and run.judged[-1] is not run.base:
        last, base = run.judged[-1], run.base
        won = [
            {"dimension": name, **_spread(last.name, "share", wins(last, base, name))}
            for name in DIMENSIONS
        ]
        if all("low" in row for row in won):
            svg = charts.dots(won, "dimension", "share", "share of questions won, ties half", 0.5)
            title = f"Wins of {last.name} against base"
            found.append(_figure(title, svg, won, [run.paths.preferences]))
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
    return [_figure("Score by category", svg, rows, sources)]


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
    titles = ("attempts", "share of questions accepted")
    accepted = charts.lines(shares, "attempt", "share", "round", titles)
    taken = charts.bars(counts, "round", "questions", "outcome", "questions")
    source = [run.paths.refinements]
    return [
        _figure("Accepted by attempt", accepted, shares, source),
        _figure("Attempts that questions took", taken, counts, source),
    ]


def computation(run: Run) -> list[Figure]:
    """Quality against the computation of one answer."""
    rows = [
        {"checkpoint": c.name, "tflops": round(flops / 1e12, 4), "score": round(score, 3)}
        for c in run.judged
        if (flops := mean([a.flops for a in c.answers.values() if a.flops is not None]))
        and (score := mean([j.scores.overall for j in c.judgements.values()])) is not None
    ]
    if not rows:
        return []
    svg = charts.scatter(rows, "tflops", "score", ("TFLOPs an answer", "overall score, 1 to 10"))
    sources = [run.paths.answers, run.paths.judgements]
    return [_figure("Quality against computation", svg, rows, sources)]


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
    svg = charts.bars(rows, "stage", "rows", "became", "rows")
    return [_figure("Rows of each stage", svg, rows, [run.paths.rows])]


def training(run: Run) -> list[Figure]:
    """The loss over the steps of each training."""
    return [
        _figure(
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


def _spread(name: str, field: str, values: Sequence[float]) -> dict[str, Any]:
    """A row with the mean and its interval; without the interval for fewer than two values."""
    centre = mean(values)
    row: dict[str, Any] = {"checkpoint": name, field: round(centre, 4) if centre else centre}
    if len(values) > 1:
        low, high = interval(values)
        row |= {"low": round(low, 4), "high": round(high, 4)}
    return row


def _of_category(run: Run, checkpoint: Checkpoint, name: str) -> list[float]:
    wanted = {q.id for q in run.questions if (q.category or "no category") == name}
    return [j.scores.overall for i, j in checkpoint.judgements.items() if i in wanted]


def _figure(
    title: str, svg: str, rows: Sequence[Mapping[str, Any]], sources: Sequence[object]
) -> Figure:
    columns = [name for name in rows[0] if name != "order"]
    table = [[row.get(name) for name in columns] for row in rows]
    return Figure(title, svg, columns, table, [str(source) for source in sources])
