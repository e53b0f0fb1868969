"""An advisor that words what the verifier has found: right drafts cost nothing, and what is
expected stands nowhere.
"""

import json
from pathlib import Path
from typing import Any

import pytest

from meteor.core.domain import PLAIN
from meteor.core.errors import SettingsError
from meteor.core.params import load_params
from meteor.core.records import Advice, Draft, Failed, Question, Rejected
from meteor.core.roles import find_plugin, load_plugin
from tests.chat.verdicts import ticket_in
from tests.conftest import Project
from tests.transport.server import Body, ChatServer, serving

EXPECTED = 8675309
DRAFTS = ["8675309", "12", "no number", "13", "14"]


def said(body: Body) -> tuple[str, str]:
    """What the model says of a draft: of 13 that it is right, of 14 what it guesses."""
    asked = body["messages"][0]["content"]
    right = "\n13\n" in asked
    advice = f"It is {EXPECTED}." if "\n14\n" in asked else "Count the zeros again."
    fields = {"correct": right, "errors": [], "advice": "" if right else advice}
    return json.dumps({"ticket": ticket_in(body), **fields}), "stop"


@pytest.fixture
def verified(project: Project, monkeypatch: pytest.MonkeyPatch) -> Project:
    """A project whose answers are numbers, and whose advisor words what is wrong with them."""
    project.set({"verifier": {"plugin": "number", "number": {}}, "api.first_failures": None})
    monkeypatch.chdir(project.folder)
    return project


def advised(server: ChatServer, texts: list[str], check: Any = EXPECTED) -> list[Advice | Failed]:
    settings = {"base_url": server.url, "model": "strong", "verified": True}
    plugin = load_plugin("advisor", "chat_api", find_plugin("advisor", "chat_api"), settings, PLAIN)
    question = Question(id="q", title="How many?", answer=f"The answer is {EXPECTED}.", check=check)
    drafts = [
        Draft(id=f"d{n}", question=question.model_copy(update={"id": f"d{n}"}), text=text)
        for n, text in enumerate(texts)
    ]
    return [row for _, row in plugin.rows("advisor_advise", drafts, Advice, drafts=drafts)]


def test_the_verifier_judges_and_the_model_words(verified: Project) -> None:
    with serving(ChatServer(write=said)) as server:
        rows = advised(server, DRAFTS)
        asked = [body["messages"][0]["content"] for body in server.bodies]
    assert [row.correct for row in rows if isinstance(row, Advice)] == [True, *[False] * 4]
    words = [row.advice for row in rows if isinstance(row, Advice)]
    assert words[0] == "" and words[1] == words[2] == "Count the zeros again."
    assert words[3] and words[4] and not [w for w in words if "8675309" in w]
    assert len(asked) == 4, "a draft that is right costs no call"
    assert not [text for text in asked if "8675309" in text or "expert accepted" in text]
    assert all("it is not correct. What the program says:\n<answer-" in text for text in asked)


def test_drafts_that_are_right_and_questions_without_a_check_ask_nobody(verified: Project) -> None:
    with serving(ChatServer(write=said)) as server:
        assert advised(server, ["8675309"]) == [Advice(id="d0", correct=True)]
        (row,) = advised(server, ["12"], check=None)
        assert isinstance(row, Rejected) and "no check" in row.error
        assert server.bodies == []


def test_a_template_that_does_not_show_the_finding_is_refused(verified: Project) -> None:
    file = verified.folder / "prompts/advice.md"
    text = file.read_text()
    file.write_text(text.replace("{{ finding | sealed }}", "wrong"))
    with serving(ChatServer(write=said)) as server:
        with pytest.raises(SettingsError, match=r"advice.md.*leaves out \{\{ finding \| sealed"):
            advised(server, ["12"])
        file.write_text(text.replace("{{ finding | sealed }}", "{{ finding }}"))
        with pytest.raises(SettingsError, match=r"advice.md:\d+: .* is shown sealed"):
            advised(server, ["12"])
        assert server.bodies == []


def test_nobody_words_what_nobody_verifies(project: Project) -> None:
    project.set({"advisor.plugin": "chat_api", "advisor.chat_api.verified": True})
    with pytest.raises(SettingsError, match=r"advisor\.chat_api\.verified: true asks the verifier"):
        load_params(project.folder / "params.yaml")


def test_another_verifier_advises_again(project: Project, tmp_path: Path) -> None:
    marks = {}
    for verified in (False, True):
        project.set(
            {
                "advisor": {"plugin": "chat_api", "chat_api": {"model": "m", "verified": verified}},
                "verifier": {"plugin": "number", "number": {}},
            }
        )
        names = ("advisor", "judge", "pairs", "gate")
        options = [part for name in names for part in (f"--{name}", str(tmp_path / name))]
        project.run("python", "-m", "stages.verifier", *options)
        marks[verified] = json.loads((tmp_path / "advisor").read_text())["verifier"]
    assert marks[False] is None and marks[True]
