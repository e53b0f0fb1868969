"""The rooms of the house and their arrows, from the imports: `python -m benchmarks.rooms_picture`
writes docs/rooms.svg and the table of docs/architecture.md anew.

A room is a folder or a single module of `meteor`, or one of `stages` and `plugins`. The picture
leaves out an arrow where a longer way says the same, and all arrows to `core`.
"""

import ast
from functools import cache
from graphlib import TopologicalSorter
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent
PICTURE, PAGE = ROOT / "docs/rooms.svg", ROOT / "docs/architecture.md"
BEGIN, END = "<!-- rooms: written by `make docs` -->\n", "<!-- end of rooms -->\n"
TOPS = ("meteor", "stages", "plugins")
GROUND = "core"
"""What every room imports."""
COLOURS = {
    "shapes results": "#cfe3f7",
    "carries results": "#e4e4e4",
    "is looked at or typed": "#f9e7c4",
    "runs, or is swapped": "#d8efd3",
}
LOOKED_AT = {"commands", "planning", "report", "testing", "__main__", "plugin"}
CARRY = {"transport", "running", "compute"}
WIDTH, HEIGHT, ACROSS, DOWN = 104, 30, 134, 74
"""Pixels of a room, and from one room to the next."""


@cache
def modules() -> dict[str, str]:
    """Every module by its dotted name, with the room it lives in."""
    files = [file for top in TOPS for file in (ROOT / top).rglob("*.py")]
    names = [".".join(f.relative_to(ROOT).with_suffix("").parts) for f in files]
    return {name: _room(name) for name in names if not name.endswith("__init__")}


def _room(module: str) -> str:
    top, *below = module.split(".")
    return below[0] if top == "meteor" else top


def arrows() -> dict[str, set[str]]:
    """The rooms that each room imports, at any depth of its modules."""
    found: dict[str, set[str]] = {room: set() for room in modules().values()}
    for module, room in modules().items():
        file = ROOT / Path(*module.split(".")).with_suffix(".py")
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            found[room] |= {modules()[name] for name in _named(node) if name in modules()}
    return {room: others - {room} for room, others in sorted(found.items())}


def _named(node: ast.AST) -> list[str]:
    """The modules that an import statement may mean."""
    if isinstance(node, ast.Import):
        return [alias.name for alias in node.names]
    if isinstance(node, ast.ImportFrom) and node.module:
        return [node.module, *(f"{node.module}.{alias.name}" for alias in node.names)]
    return []


def floors(graph: dict[str, set[str]]) -> dict[str, int]:
    """How high each room lies: just below the lowest that imports it. Raises graphlib.CycleError
    where rooms import each other in a circle.
    """
    depth = dict.fromkeys(graph, 0)
    for room in reversed([*TopologicalSorter(graph).static_order()]):
        for other in graph[room]:
            depth[other] = max(depth[other], depth[room] + 1)
    return {room: max(depth.values()) - below for room, below in depth.items()}


def plainly(graph: dict[str, set[str]]) -> dict[str, set[str]]:
    """The arrows that no longer way tells already, those to the ground left out."""

    @cache
    def below(room: str) -> frozenset[str]:
        return frozenset(graph[room]).union(*map(below, graph[room]))

    return {
        room: {other for other in others if not any(other in below(one) for one in others)}
        - {GROUND}
        for room, others in graph.items()
    }


def kind(room: str) -> str:
    """What a room is for."""
    if room in TOPS:
        return "runs, or is swapped"
    if room in LOOKED_AT:
        return "is looked at or typed"
    return "carries results" if room in CARRY else "shapes results"


def places(graph: dict[str, set[str]]) -> dict[str, tuple[float, float]]:
    """Where each room stands, in pixels: its floor, and there near to what it imports."""
    level, plain = floors(graph), plainly(graph)
    spots: dict[str, tuple[float, float]] = {}
    widest = max(list(level.values()).count(floor) for floor in set(level.values()))
    for floor in sorted(set(level.values())):
        rooms = sorted(room for room in graph if level[room] == floor)

        def above(room: str) -> float:
            under = [spots[other][0] for other in plain[room]]
            return sum(under) / len(under) if under else widest * ACROSS / 2

        rooms.sort(key=above)
        left = (widest - len(rooms)) * ACROSS / 2
        for number, room in enumerate(rooms):
            spots[room] = (left + number * ACROSS, -floor * DOWN)
    return spots


def picture() -> str:
    """The rooms as SVG."""
    import altair as alt
    import vl_convert

    graph = arrows()
    spots, plain = places(graph), plainly(graph)
    boxes: list[dict[str, Any]] = [
        {"room": room, "kind": kind(room), "x": x, "y": y, "x2": x + WIDTH, "y2": y + HEIGHT}
        | {"middle": x + WIDTH / 2, "centre": y + HEIGHT / 2}
        for room, (x, y) in spots.items()
    ]
    lines: list[dict[str, Any]] = [
        {"x": spots[room][0] + WIDTH / 2, "y": spots[room][1] + HEIGHT}
        | {"x2": spots[other][0] + WIDTH / 2, "y2": spots[other][1]}
        for room, others in plain.items()
        for other in sorted(others)
    ]
    xs, ys = [box["x2"] for box in boxes], [box["y"] for box in boxes]
    across = alt.Scale(domain=[0, max(xs)], nice=False, zero=False)
    down = alt.Scale(domain=[HEIGHT, min(ys)], nice=False, zero=False)
    x, y = alt.X("x:Q", scale=across, axis=None), alt.Y("y:Q", scale=down, axis=None)
    colours = alt.Scale(domain=list(COLOURS), range=list(COLOURS.values()))
    legend = alt.Legend(title=None, orient="bottom", symbolType="square", labelFontSize=12)
    rules = (
        alt.Chart(alt.Data(values=lines)).mark_rule(color="#999").encode(x, y, x2="x2:Q", y2="y2:Q")
    )
    walls = alt.Chart(alt.Data(values=boxes)).mark_rect(stroke="#555", cornerRadius=4)
    walls = walls.encode(
        x, y, alt.Color("kind:N", scale=colours, legend=legend), x2="x2:Q", y2="y2:Q"
    )
    names = alt.Chart(alt.Data(values=boxes)).mark_text(fontSize=13, color="#111")
    names = names.encode(
        alt.X("middle:Q", scale=across), alt.Y("centre:Q", scale=down), text="room:N"
    )
    size = {"width": max(xs), "height": HEIGHT - min(ys)}
    whole = alt.layer(rules, walls, names).properties(**size, background="white")
    return vl_convert.vegalite_to_svg(whole.configure_view(stroke=None).to_dict())


def table() -> str:
    """Every room, what lives there, and what it imports, as Markdown."""
    lines = ["| room | what lives there | imports |", "| --- | --- | --- |"]
    for room, others in arrows().items():
        folder = ROOT / (room if room in TOPS else f"meteor/{room}")
        whole = folder.is_dir()
        name = folder.relative_to(ROOT).as_posix() + ("/" if whole else ".py")
        file = folder / "__init__.py" if whole else folder.with_suffix(".py")
        text = ast.get_docstring(ast.parse(file.read_text(encoding="utf-8"))) or ""
        first = " ".join(text.partition("\n\n")[0].split())
        lines.append(f"| `{name}` | {first} | {', '.join(sorted(others - {GROUND}))} |")
    return "\n".join(lines) + "\n"


def page() -> str:
    """docs/architecture.md with the table of today."""
    before, _, rest = PAGE.read_text(encoding="utf-8").partition(BEGIN)
    return f"{before}{BEGIN}\n{table()}\n{END}{rest.partition(END)[2]}"


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
    PICTURE.write_text(picture(), encoding="utf-8")
