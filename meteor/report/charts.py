"""The charts of the report, as SVG that is drawn when the page is made.

Colours are variables of the page's style (`--c0`, `--c1` …), so that one picture serves light and
dark. Each mark says its numbers in its `aria-label`, which the page shows as a tooltip.
"""

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from meteor.core.shown import label

Row = Mapping[str, Any]
WIDTH, HEIGHT = 400, 230
COLOURS = [f"var(--c{number})" for number in range(8)]
SHAPES = ["circle", "square", "triangle-up", "diamond", "cross", "triangle-down", "stroke", "wedge"]
INK, FAINT, PAPER = "var(--ink)", "var(--line)", "var(--card)"
OUT, REJECTED, FAILED = "var(--out)", "var(--rejected)", "var(--failed)"


def over_phases(
    rows: Sequence[Row], y: str, title: str, share: bool = False, apart: Collection[str] = ()
) -> str:
    """A line over the checkpoints but those `apart`, which are dots alone; `low` and `high` of a
    row draw its interval. A `share` is shown between none and all, with a line at the half.
    """
    import altair as alt

    names = _names("checkpoint", rows)
    base = _chart(rows).encode(x=names)
    way = _chart([row for row in rows if row["checkpoint"] not in apart]).encode(x=names)
    scale = alt.Scale(zero=False, padding=12, nice=False)
    axis = alt.Axis()
    if share:
        scale, axis = alt.Scale(domain=[0, 1]), alt.Axis(format="%")
    value = alt.Y(f"{y}:Q", title=title, scale=scale, axis=axis)
    layers = [
        way.mark_line(color=COLOURS[0], aria=False).encode(y=value),
        base.mark_point(color=COLOURS[0], filled=True, size=70, opacity=1).encode(y=value),
    ]
    if all("low" in row for row in rows):
        span = base.mark_rule(color=COLOURS[0], aria=False, strokeWidth=1.5)
        low = alt.Y("low:Q", title=title, scale=scale, axis=axis)
        layers.insert(0, span.encode(y=low, y2="high:Q"))
    if share:
        layers.insert(0, _middle().encode(y="middle:Q"))
    return _svg(alt.layer(*layers))


def dots(rows: Sequence[Row], y: str, x: str, title: str, share: bool = False) -> str:
    """A line of dots for each `y`, one dot for each checkpoint; `low` and `high` draw intervals. A
    `share` is shown between none and all, with a line at the half.
    """
    import altair as alt

    several = len({row["checkpoint"] for row in rows}) > 1
    place = {"y": _names(y, rows), "yOffset": _names("checkpoint", rows, alt.YOffset)}
    if not several:
        del place["yOffset"]
    base = _chart(rows).encode(**place, color=_colour("checkpoint", rows))
    scale, axis = alt.Scale(zero=False, nice=True), alt.Axis()
    if share:
        scale, axis = alt.Scale(domain=[0, 1]), alt.Axis(format="%")
    value = alt.X(f"{x}:Q", title=title, scale=scale, axis=axis)
    legend = {} if several else {"legend": None}
    scale_of_shapes = _scale("checkpoint", rows, SHAPES)
    shape = alt.Shape("checkpoint:N", sort=None, scale=scale_of_shapes, **legend)
    layers = [base.mark_point(filled=True, size=55, opacity=1).encode(x=value, shape=shape)]
    if all("low" in row for row in rows):
        span = base.mark_rule(aria=False, strokeWidth=1.5)
        low = alt.X("low:Q", title=title, scale=scale, axis=axis)
        layers.insert(0, span.encode(x=low, x2="high:Q"))
    if share:
        layers.insert(0, _middle().encode(x="middle:Q"))
    step = 16 * len({row["checkpoint"] for row in rows}) if several else 34
    return _svg(alt.layer(*layers), height=max(step, 30) * len({row[y] for row in rows}))


def lines(rows: Sequence[Row], x: str, y: str, colour: str, titles: tuple[str, str]) -> str:
    """A line for each `colour`."""
    import altair as alt

    whole = x == "attempt"
    axis = alt.Axis(labelAngle=0) if whole else alt.Axis(values=_steps(rows, x), format="d")
    across = alt.X(f"{x}:{'O' if whole else 'Q'}", title=titles[0], axis=axis)
    scale = alt.Scale(domain=[0, 1]) if whole else alt.Scale(zero=False)
    up = alt.Axis(format="%") if whole else alt.Axis()
    base = _chart(rows).encode(
        x=across,
        y=alt.Y(f"{y}:Q", title=titles[1], scale=scale, axis=up),
        color=_colour(colour, rows),
    )
    dash = alt.StrokeDash(f"{colour}:N", sort=None, legend=None)
    single = {"legend": None} if len({row[colour] for row in rows}) == 1 else {}
    shape = alt.Shape(f"{colour}:N", sort=None, scale=_scale(colour, rows, SHAPES), **single)
    points = base.mark_point(filled=True, size=50 if whole else 12, opacity=1)
    line = base.mark_line(aria=False).encode(strokeDash=dash)
    return _svg(alt.layer(line, points.encode(shape=shape)))


def scatter(rows: Sequence[Row], x: str, y: str, titles: tuple[str, str]) -> str:
    """A dot for each checkpoint."""
    import altair as alt

    base = _chart(rows).encode(
        x=alt.X(f"{x}:Q", title=titles[0], scale=alt.Scale(zero=False, padding=24)),
        y=alt.Y(f"{y}:Q", title=titles[1], scale=alt.Scale(zero=False, padding=20)),
    )
    shape = alt.Shape("checkpoint:N", sort=None, scale=_scale("checkpoint", rows, SHAPES))
    return _svg(
        base.mark_point(filled=True, size=110, opacity=1).encode(
            color=_colour("checkpoint", rows), shape=shape
        )
    )


def bars(
    rows: Sequence[Row], y: str, x: str, colour: str, title: str, colours: Sequence[str]
) -> str:
    """Stacked bars, one for each `y`. Parts lie side by side: their colours should differ in
    lightness, and a gap divides them.
    """
    import altair as alt

    chart = (
        _chart(rows)
        .mark_bar(stroke=PAPER, strokeWidth=1.5)
        .encode(
            y=_names(y, rows),
            x=alt.X(f"{x}:Q", title=title, axis=alt.Axis(tickMinStep=1, format="d")),
            color=_colour(colour, rows, colours),
            order=alt.Order("order:Q"),
        )
    )
    return _svg(chart, height=max(24 * len({row[y] for row in rows}), 60))


def shades(count: int) -> list[str]:
    """Of the colour of what came out, from full to faint."""
    least = 40
    steps = [100 - round((100 - least) * n / max(count - 1, 1)) for n in range(count)]
    return [f"color-mix(in srgb, {OUT} {step}%, {PAPER})" for step in steps]


def _middle() -> Any:
    return _chart([{"middle": 0.5}]).mark_rule(color=INK, strokeDash=[3, 3], aria=False)


def _steps(rows: Sequence[Row], x: str) -> list[int]:
    """At most about six whole numbers over the range."""
    low, high = int(min(row[x] for row in rows)), int(max(row[x] for row in rows))
    return list(range(low, high + 1, max(1, -(-(high - low) // 6))))


def _chart(rows: Sequence[Row]) -> Any:
    import altair as alt

    return alt.Chart(alt.InlineData(values=[dict(row) for row in rows]))


def _names(field: str, rows: Sequence[Row], channel: Any = None) -> Any:
    import altair as alt

    if channel is None:
        across = field == "checkpoint"
        axis = alt.Axis(labelAngle=0, labelLimit=130, grid=not across, tickBand="extent")
        return (alt.X if across else alt.Y)(f"{field}:N", sort=None, title=None, axis=axis)
    return channel(f"{field}:N", sort=None)


def _scale(field: str, rows: Sequence[Row], values: Sequence[str]) -> Any:
    import altair as alt

    names = list(dict.fromkeys(row[field] for row in rows))
    return alt.Scale(domain=names, range=[values[i % len(values)] for i in range(len(names))])


def _colour(field: str, rows: Sequence[Row], colours: Sequence[str] = COLOURS) -> Any:
    import altair as alt

    names = {row[field] for row in rows}
    columns = max(1, 44 // (max(map(len, names)) + 4))
    shown = alt.Legend(orient="bottom", title=None, columns=columns)
    scale = _scale(field, rows, colours)
    return alt.Color(f"{field}:N", sort=None, scale=scale, legend=shown if len(names) > 1 else None)


def _labels(value: Any) -> Any:
    """A chart's description with every text in it fit to be drawn."""
    if isinstance(value, dict):
        return {name: _labels(part) for name, part in value.items()}
    if isinstance(value, list):
        return [_labels(part) for part in value]
    return label(value)


def _svg(chart: Any, height: int = HEIGHT) -> str:
    import vl_convert

    # The drawing panics at control characters, which no name here needs.
    whole = chart.properties(width=WIDTH, height=height, background="transparent").to_dict()
    spec = _labels(whole)
    # The axes' names count towards the width, so that text is of one size in all charts.
    spec["autosize"] = {"type": "fit-x", "contains": "padding"}
    spec["config"] = {
        "view": {"stroke": None},
        "font": "Helvetica, Arial, sans-serif",
        "axis": {
            **{f"{part}Color": INK for part in ("label", "title")},
            **{f"{part}Color": FAINT for part in ("domain", "tick", "grid")},
            "labelFontSize": 12,
            "titleFontSize": 12,
            "titleFontWeight": "normal",
        },
        "legend": {"labelColor": INK, "labelFontSize": 12, "symbolSize": 80},
    }
    svg: str = vl_convert.vegalite_to_svg(spec)
    return svg
