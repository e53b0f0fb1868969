"""A judge that only scores: its preferences are its scores, side by side."""

from meteor.commands.templates import judge as scoring_judge
from meteor.core.judgements import ASPECTS, Preference
from meteor.core.records import Question
from meteor.core.roles import load_plugin
from meteor.evaluation.comparing import Match, prefer


def test_the_higher_score_wins_in_both_orders() -> None:
    judge = load_plugin("judge", "length", scoring_judge, {"words": 3})
    question = Question(id="q", title="What is it?")
    matches = [
        Match(question, "short", "one two three", "one"),
        Match(question, "equal", "one two three", "four five six"),
    ]
    shares = []
    for _, preference in prefer(judge, matches):
        assert isinstance(preference, Preference)
        for order in (preference.first, preference.second):
            shares.append({order.get(aspect) for aspect in ASPECTS})
    assert shares == [{1.0}, {1.0}, {0.5}, {0.5}]
