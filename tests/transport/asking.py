"""What the tests of the client ask, and settings that do not wait long."""

from collections.abc import Iterator
from typing import Any

from meteor.chat.asking import Request, Writing
from meteor.chat.settings import ChatSettings
from meteor.core.records import Completion, Failed
from meteor.core.settings import Api
from meteor.transport.session import converse
from tests.transport.server import ChatServer, Fault, Outcome

API = Api(concurrency=8, timeout=5, max_retries=4)
KEY = "sk-recognisable-0123456789"


def asked(
    count: int, settings: ChatSettings, text: str = "What is {}?", context: Any = None
) -> Iterator[Writing]:
    for n in range(count):
        messages = (("user", text.format(n)),)
        request = Request(settings.model, messages, 50, context=context or {})
        yield Writing(f"q{n}", request, "fail")


def ask(server: ChatServer, count: int, api: Api = API, **more: Any) -> list[Completion | Failed]:
    settings = ChatSettings(base_url=server.url, model="strong")
    return list(converse(settings, asked(count, settings, **more), api))


def answering(status: int, body: Any, headers: dict[str, str] | None = None) -> Fault:
    return lambda number, attempt, request: Outcome(status, body, headers or {})
