"""Each line of the table in docs/data.md reads a small file of that shape."""

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from meteor.core.records import Failed, Question
from meteor.core.roles import find_plugin, load_plugin
from meteor.core.sections import Cleaning
from meteor.sources.cleaning import clean
from tests.conftest import ROOT
from tests.sources.shapes import SHAPES
from tests.sources.shaping import write

LINE = re.compile(
    r"^\| (?P<name>[^|]+?) \| .+? \| (?:`(?P<plugin>\w+)` )?`(?P<settings>\{.*\})` \|$"
)


def documented() -> dict[str, tuple[str, dict[str, Any]]]:
    """The source and its settings for each shape, as docs/data.md gives them."""
    found = map(LINE.match, (ROOT / "docs/data.md").read_text().splitlines())
    return {
        line["name"]: (line["plugin"] or "table", yaml.safe_load(line["settings"]))
        for line in found
        if line
    }


def test_every_shape_is_documented_and_tried() -> None:
    assert documented().keys() == SHAPES.keys() and len(SHAPES) >= 25


@pytest.mark.parametrize("name", SHAPES)
def test_a_shape_is_read_as_documented(name: str, tmp_path: Path) -> None:
    shape = SHAPES[name]
    path = write(shape, tmp_path)
    plugin, settings = documented()[name]
    source = load_plugin("source", plugin, find_plugin("source", plugin), settings)
    rows = list(source.stream("source_load", Question, path=path))
    assert not [row for row in rows if isinstance(row, Failed)]
    assert len(rows) == shape.expected.rows
    done = clean(rows[0], Cleaning())  # type: ignore[arg-type]
    assert isinstance(done, Question), done
    assert (done.title, done.body, done.answer) == shape.expected[:3]
    for field, value in shape.expected.more.items():
        assert getattr(done, field) == value
