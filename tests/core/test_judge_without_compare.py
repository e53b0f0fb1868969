"""A judge that only scores: its preferences are its scores, side by side."""

from pathlib import Path

import pytest

from meteor.comparing import Match, prefer
from meteor.core.params import load_params
from meteor.core.records import ASPECTS, Preference, Question
from meteor.core.roles import load_role
from meteor.starting import judge as scoring_judge
from tests.conftest import Project


@pytest.fixture
def preferences(project: Project, monkeypatch: pytest.MonkeyPatch) -> list[Preference]:
    """Of one answer as long as wished against a shorter one, and against one as long."""
    project.plugin("judge", "length", Path(scoring_judge.__file__).read_text())
    project.set({"judge.plugin": "length", "judge.length": {"words": 3}})
    monkeypatch.chdir(project.folder)
    monkeypatch.syspath_prepend(str(project.folder))
    judge = load_role("judge", load_params())
    question = Question(id="q", title="What is it?")
    matches = [
        Match(question, "short", "one two three", "one"),
        Match(question, "equal", "one two three", "four five six"),
    ]
    found = [preference for _, preference in prefer(judge, matches, "compare")]
    assert all(isinstance(preference, Preference) for preference in found)
    return [preference for preference in found if isinstance(preference, Preference)]


def test_the_higher_score_wins_in_both_orders(preferences: list[Preference]) -> None:
    shorter, equal = preferences
    assert [shorter.first.get(a) for a in ASPECTS] == [1.0] * len(ASPECTS)
    assert [shorter.second.get(a) for a in ASPECTS] == [1.0] * len(ASPECTS)
    assert [equal.first.get(a) for a in ASPECTS] == [0.5] * len(ASPECTS)
