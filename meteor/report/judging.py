"""Figures of the judge: its controls, the style that it likes, the judges of a jury."""

from meteor.report import charts
from meteor.report.figures import Figure, figure
from meteor.report.gathering import Run


def health(run: Run) -> list[Figure]:
    """What the right answers win against controls that a judge should see through, and what style
    it likes.
    """
    return [*_controls(run), *_style(run), *_jury(run)]


def _controls(run: Run) -> list[Figure]:
    rows = [
        {
            **{"control": row["control"], "checkpoint": "real answers", "share": row["real_wins"]},
            **{end: row[end] for end in ("low", "high") if row.get(end) is not None},
        }
        for row in run.health.get("controls", [])
        if row.get("real_wins") is not None
    ]
    if not rows:
        return []
    svg = charts.dots(rows, "control", "share", "won by the real answers", share=True)
    return [figure("Controls", svg, rows, [run.paths.health])]


def _style(run: Run) -> list[Figure]:
    """What an answer with a mark of style gets from one without, all else being alike."""
    rows = [
        {
            **{"mark": mark, "checkpoint": "with it", "share": row["pull"]},
            **{"low": row["low"], "high": row["high"], "answers that differ": row["differ"]},
            "the one with more wins": row["more_wins"],
        }
        for mark, row in run.health.get("style", {}).items()
        if row["pull"] is not None
    ]
    if not rows:
        return []
    svg = charts.dots(rows, "mark", "share", "gets from one without, all else alike", share=True)
    return [figure("What style the judge likes", svg, rows, [run.paths.health])]


def _jury(run: Run) -> list[Figure]:
    """How far every two judges of a jury agree."""
    told = run.health.get("jury") or {}
    rows = [
        {
            **{"judges": pair, "checkpoint": "kappa", "kappa": row["kappa"]},
            **{"low": row["kappa_low"], "high": row["kappa_high"]},
        }
        for pair, row in told.get("pairs", {}).items()
        if row["kappa"] is not None
    ]
    if not rows:
        return []
    svg = charts.dots(rows, "judges", "kappa", "Cohen's kappa")
    title = f"The jury: Krippendorff's alpha {told['alpha']}"
    return [figure(title, svg, rows, [run.paths.health])]
