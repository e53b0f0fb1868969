"""The API key is written nowhere, whatever an endpoint says and wherever it says it."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

from meteor.chat.settings import ChatSettings
from meteor.core.errors import MeteorError, SettingsError
from meteor.transport.redaction import Redaction
from meteor.transport.session import converse
from tests.conftest import Project, contents
from tests.transport.asking import API, asked
from tests.transport.distilling import prepare, start
from tests.transport.server import Body, ChatServer, Outcome, error, serving

KEY = "sk-recognisable-7f3Q9zK-abWdefXhij4"
IN_JSON = "".join(f"\\u{ord(c):04x}" if c in "-k" else c for c in KEY)
"""The key as a JSON encoder may write it, with escapes."""


def everywhere(value: Any, text: str) -> Iterator[Any]:
    """A body once for each place in it, with the text there."""
    if isinstance(value, dict):
        for name, part in value.items():
            yield {**value, text: "x"}
            for other in everywhere(part, text):
                yield {**value, name: other}
    elif isinstance(value, list):
        for place, part in enumerate(value):
            for other in everywhere(part, text):
                yield [*value[:place], other, *value[place + 1 :]]
    yield text


def outcomes(server: ChatServer) -> list[Outcome]:
    """Replies with the key in every field, header and status."""
    good = server.complete({"model": "strong", "messages": [{"content": "a"}]})
    good["choices"][0]["message"]["reasoning_content"] = "Hm."
    wrong = {
        **error("It went wrong", "c", "messages"),
        "detail": [{"loc": ["body", "x"], "msg": "m"}],
    }
    found = [Outcome(200, body) for body in everywhere(good, f"as {KEY} says")]
    for status in (200, 400, 403, 422, 429, 500):
        found += [Outcome(status, body) for body in everywhere(wrong, f"as {KEY} says")]
    found += [Outcome(400, f"{'x' * n} {KEY} {'y' * 300}") for n in range(250, 320, 3)]
    found += [Outcome(400, error(f"cut in its middle: {KEY[:n]}")) for n in (12, 20, 30)]
    found += [Outcome(400, json.dumps(error("as K says")).replace("K", IN_JSON))]
    found += [Outcome(200, json.dumps(good).replace("This", IN_JSON + " This"))]
    found += [Outcome(status, {}, {f"x-{KEY}": KEY, "retry-after": KEY}) for status in (200, 400)]
    return [*found, Outcome(400, {}, reason=KEY), Outcome(200, "<h1>" + KEY, {"content-type": KEY})]


def test_the_key_is_in_nothing_that_is_written(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Through the real stage: its outs, what it says, the ledger, and the list of processes."""
    monkeypatch.setenv("STRONG_KEY", KEY)
    lines: set[str] = set()

    def reply(key: str, attempt: int, body: Body) -> Outcome:
        if len(server.bodies) % 20 == 1:
            lines.update(" ".join(command_lines()).split("\0"))
        row = int(json.dumps(body).split("What is concept ")[1].split("?")[0])
        return told[row // 2] if row % 2 else Outcome(200, good)

    with serving(ChatServer(fault=reply)) as server:
        told = [row for row in outcomes(server) if not stops(row)]
        good = server.complete({"model": "strong", "messages": [{"content": "a"}]})
        prepare(project, server, 2 * len(told))
        project.set(
            {
                "teacher.chat_api.api_key_env": "STRONG_KEY",
                "max_failed_fraction": 1.0,
                "api": {"concurrency": 8, "max_retries": 0, "first_failures": None},
            }
        )
        stage = start(project, project.folder / "ledger.sqlite")
        said = stage.communicate()[1]
        assert stage.returncode == 0, said
        assert server.keys_seen == {KEY} and len(server.bodies) >= 2 * len(told) > 100
    assert "***" in said and any("meteor.transport.recorder" in line for line in lines)
    for text in (said, *lines):
        assert not parts_of_the_key(text.encode())
    files = contents(project.folder)
    assert {"ledger.sqlite", "summary.json"} <= {file.name for file in files}
    assert not [file for file, data in files.items() if parts_of_the_key(data)]


def stops(outcome: Outcome) -> bool:
    """Whether it may stop the stage at once: that is looked at elsewhere."""
    told = outcome.body.get("error") if isinstance(outcome.body, dict) else None
    setting = isinstance(told, dict) and KEY in str(told.get("param"))
    return outcome.status in (403, 422) or setting


def command_lines() -> Iterator[str]:
    for process in psutil.process_iter():
        try:
            yield " ".join(process.cmdline()) + "\0"
        except psutil.Error:
            continue


def parts_of_the_key(data: bytes) -> list[bytes]:
    """What is longer than eight characters of the key, in either case."""
    lower, key = data.lower(), KEY.encode().lower()
    return [key[n : n + 9] for n in range(len(key) - 8) if key[n : n + 9] in lower]


@pytest.mark.parametrize("status", [200, 400, 401, 403, 422, 500])
def test_an_error_that_stops_the_stage_has_no_key_in_it(
    status: int, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("STRONG_KEY", KEY)
    body = {"error": {"message": f"Incorrect API key provided: {KEY}", "code": 401, "param": KEY}}
    with serving(ChatServer(fault=lambda *_: Outcome(status, body, reason=KEY))) as server:
        settings = ChatSettings(base_url=server.url, model="strong", api_key_env="STRONG_KEY")
        api = API.model_copy(update={"max_retries": 0})
        try:
            said = repr(list(converse(settings, asked(3, settings), api)))
        except MeteorError as problem:
            said = repr(problem) + str(problem) + repr(problem.__cause__)
        assert server.keys_seen == {KEY} and "***" in said
    assert not parts_of_the_key(said.encode())
    files = contents(tmp_path)
    assert files and not any(parts_of_the_key(data) for data in files.values())


@pytest.mark.parametrize(
    "key", ["sk-\u201cquoted\u201d-0123456789", "sk-012345\n6789abc", "a b c d e f g h"]
)
def test_a_key_that_no_header_takes_is_refused_without_repeating_it(
    key: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("STRONG_KEY", key)
    with serving(ChatServer()) as server:
        settings = ChatSettings(base_url=server.url, model="strong", api_key_env="STRONG_KEY")
        with pytest.raises(SettingsError, match="STRONG_KEY") as caught:
            list(converse(settings, asked(1, settings), API))
        assert key not in str(caught.value) and server.arrived == []


def test_a_placeholder_and_words_like_it_are_left_alone() -> None:
    text = "An anonymous local server answers with none."
    for key in ("none", "local", "anonymous-user"):
        assert Redaction(key).text(text) == text


def test_control_characters_of_an_error_are_shown() -> None:
    said = "\x1b[2J\x1b]0;title\x07 \x9b31m no \u202e on"
    answer: Callable[..., Outcome] = lambda *_: Outcome(400, error(said))  # noqa: E731
    with serving(ChatServer(fault=answer)) as server:
        settings = ChatSettings(base_url=server.url, model="strong")
        (row,) = converse(settings, asked(1, settings), API)
        assert r"\x1b[2J\x1b]0;title\x07 \x9b31m no \u202e on" in row.error
