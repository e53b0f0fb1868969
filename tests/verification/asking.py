"""Ask a verifier as a stage does."""

from collections.abc import Sequence
from typing import Any

from meteor.core.records import Draft, Failed, Question
from meteor.core.roles import find_plugin, load_plugin
from meteor.core.verdicts import Verdict


def verdicts(
    plugin: str, rows: Sequence[tuple[str, Any]], **settings: Any
) -> list[Verdict | Failed]:
    """What the verifier says of answers, each beside its `check`."""
    loaded = load_plugin("verifier", plugin, find_plugin("verifier", plugin), settings)
    drafts = [
        Draft(
            id=f"q{number}",
            question=Question(id=f"q{number}", title="What is it?", check=check),
            text=text,
        )
        for number, (text, check) in enumerate(rows)
    ]
    return [said for _, said in loaded.rows("verifier_verify", drafts, Verdict, drafts=drafts)]


def verdict(plugin: str, text: str, check: Any, **settings: Any) -> Verdict:
    """What the verifier says of one answer; it must be a verdict."""
    (said,) = verdicts(plugin, [(text, check)], **settings)
    assert isinstance(said, Verdict), said
    return said


def refused(plugin: str, check: Any, text: str = "an answer", **settings: Any) -> str:
    """Why a verifier cannot do with a `check`."""
    (said,) = verdicts(plugin, [(text, check)], **settings)
    assert isinstance(said, Failed), said
    return said.error


def fenced(code: str, language: str = "") -> str:
    """Some words and a fenced block."""
    return f"Here it is:\n\n```{language}\n{code}\n```\n\nI hope that helps."
