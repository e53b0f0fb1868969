"""The rooms and their arrows: in one direction, and drawn as they are."""

from graphlib import CycleError

import pytest

from benchmarks import rooms_picture
from benchmarks.rooms_picture import arrows, floors, plainly


def test_no_rooms_import_each_other_in_a_circle() -> None:
    floors(arrows())


def test_a_circle_would_be_seen() -> None:
    with pytest.raises(CycleError):
        floors({"a": {"b"}, "b": {"c"}, "c": {"a"}})


def test_every_arrow_leads_down() -> None:
    graph = {"top": {"middle", "low"}, "middle": {"low"}, "low": set()}
    assert floors(graph) == {"top": 2, "middle": 1, "low": 0}
    assert plainly(graph) == {"top": {"middle"}, "middle": {"low"}, "low": set()}


def test_the_page_and_the_picture_show_the_rooms_of_today() -> None:
    assert rooms_picture.PAGE.read_text() == rooms_picture.page(), "run `make docs`, and commit"
    drawn = rooms_picture.PICTURE.read_text()
    assert not [room for room in arrows() if f">{room}</text>" not in drawn], "run `make docs`"
