"""Self-consistency with a model that writes, and a verifier that says what its answers come to."""

from pathlib import Path

import pytest

from meteor.core.domain import PLAIN
from meteor.core.records import Question
from meteor.core.roles import Plugin, find_plugin, load_plugin
from meteor.core.settings import Decoding
from meteor.prompts import wording
from meteor.running.tally import Tally
from meteor.verification.voting import vote

QUESTIONS = {
    name: Question(id=name, title=f"What is {name}?", body="", category="dl", check="never this")
    for name in ("dropout", "momentum", "pooling")
}
CALM = Decoding(strategy="mbr", agreement="result", samples=3, temperature=0.01, max_new_tokens=60)


def plugin(role: str, name: str, settings: dict[str, object]) -> Plugin:
    return load_plugin(role, name, find_plugin(role, name), settings)


@pytest.fixture(scope="module")
def student() -> Plugin:
    return plugin("student", "transformers", {"dtype": "float32", "device": "cpu"})


def test_samples_without_chance_agree_with_the_greedy_answer(lively: Path, student: Plugin) -> None:
    """All four say what greedy says, and cost four times as much. What is cut off or empty comes
    to nothing, and nobody votes for it.
    """
    verifier, asking = plugin("verifier", "exact", {}), wording.answer(PLAIN)
    prompts = [asking(question) for question in QUESTIONS.values()]
    count = Tally("pairs", 0.0, len(prompts))
    greedy = dict(count.generate(student, prompts, lively, Decoding(max_new_tokens=60), 7))
    alone = {prompt.id: answer for prompt, answer in greedy.items()}
    found = dict(vote(count, student, verifier, prompts, QUESTIONS, lively, CALM, 7))
    voted = {prompt.id: told for prompt, told in found.items()}
    assert voted.keys() == QUESTIONS.keys()
    for name, told in voted.items():
        one = alone[name]
        assert told.answer.text == one.text and one.flops is not None
        assert told.answer.flops == pytest.approx(4 * one.flops)
        assert told.votes == (4 if one.text and one.finish_reason == "stop" else 0)
    assert any(told.votes for told in voted.values()), "the model never ended a text"
