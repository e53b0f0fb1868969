"""The wire: the package openai sends one request; a reply, or what its failure means, comes back.

The package's own retries are switched off, since they neither stop the stage where nothing heals
nor know of our limits.
"""

import asyncio
import json
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

from meteor.chat.replies import Reply, content_in, no_answer, tokens_in
from meteor.core.shown import one_line
from meteor.transport import faults
from meteor.transport.faults import Fault
from meteor.transport.redaction import Redaction
from meteor.transport.waits import exhausted

T = TypeVar("T")
NO_ANSWER = Fault("retry", "the reply is no answer", paid=True)
TELEMETRY = tuple(
    f"X-Stainless-{name}"
    for name in ("Lang", "Package-Version", "OS", "Arch", "Runtime", "Runtime-Version", "Async")
)
"""Headers in which the package describes this machine. No endpoint needs them, and they take CPU
time at each of the many copies that are made of a request's headers.
"""


STATUS_OF = {
    "api_key": 401,
    "authentication": 401,
    "permission": 403,
    "rate_limit": 429,
    "resource_exhausted": 429,
    "quota": 429,
    "invalid_request": 400,
    "invalid_argument": 400,
    "badrequest": 400,
    "content_filter": 400,
}
"""What an error without a number is called, by the status that it has elsewhere."""


@dataclass(frozen=True)
class Sheet:
    """What is noted about a request when its reply is written: where it belongs, the worst case
    for endpoints that tell no usage, the price of a million tokens of prompt and of answer, whether
    an empty text is an answer, and whether the run's budget holds its worst case.
    """

    stage: str
    run: str
    endpoint: str
    model: str
    prompt_bytes: int
    max_tokens: int
    price: tuple[float, float] | None
    may_be_empty: bool = False
    reserved: bool = False

    def cost(self, prompt: int, completion: int) -> float | None:
        """What so many tokens cost; None where the price is not known."""
        if not self.price:
            return None
        return (prompt * self.price[0] + completion * self.price[1]) / 1e6

    @property
    def worst(self) -> float | None:
        """The most that the request can cost by its own limit."""
        return self.cost(self.prompt_bytes, self.max_tokens)

    @property
    def origin(self) -> dict[str, str]:
        """Where the reply belongs, as the ledger takes it."""
        return {
            "stage": self.stage,
            "run": self.run,
            "endpoint": self.endpoint,
            "model": self.model,
        }


class Wire:
    """An endpoint with its connections. To be used inside one event loop."""

    def __init__(self, base_url: str, key: str, timeout: float, connections: int) -> None:
        import httpx2
        import openai

        self.timeout, self.redaction = timeout, Redaction(key)
        self._address = f"{base_url}/chat/completions"
        limits = httpx2.Limits(max_connections=connections, max_keepalive_connections=connections)
        self.openai = openai.AsyncOpenAI(
            base_url=base_url,
            api_key=key,
            max_retries=0,
            timeout=timeout,
            default_headers=dict.fromkeys(TELEMETRY, openai.omit),  # type: ignore[arg-type]
            http_client=openai.DefaultAioHttpClient(limits=limits, timeout=timeout),
        )

    async def close(self) -> None:
        """Close the connections."""
        await self.openai.close()

    async def complete(
        self, body: dict[str, Any], room: int
    ) -> tuple[dict[str, Any] | Fault, float | None]:
        """The body of a chat completion, or what went wrong; and how long all requests should
        pause, where the endpoint says that it has no room for one of `room` tokens.
        """
        import httpx2

        async def post() -> Any:
            return await self.openai.post(self._address, cast_to=httpx2.Response, body=body)

        outcome = await self.call(post)
        if isinstance(outcome, Fault):
            return outcome, None
        found = completion_in(self.parsed(outcome.text))
        return found, exhausted(outcome.headers, room)

    async def call(self, send: Callable[[], Awaitable[T]]) -> T | Fault:
        """Call the endpoint once, within the time-out; what goes wrong becomes a fault."""
        import openai

        try:
            async with asyncio.timeout(self.timeout):
                return await send()
        except TimeoutError:
            return self._late
        except openai.APIStatusError as error:
            body = self.parsed(error.response.text)
            return faults.of_status(error.status_code, error.response.headers, body)
        except openai.APIConnectionError as error:
            # With aiohttp a refused connection comes as a time-out, too: what lies under it tells.
            timed_out = isinstance(error, openai.APITimeoutError)
            fault = faults.of_connection(error)
            if timed_out and fault.paid:
                return self._late
            return fault.saying(one_line(self.redaction.text(fault.message)))
        except openai.APIError as error:
            said = one_line(self.redaction.text(str(error.message)))
            return Fault("retry", f"the reply cannot be read: {said}", paid=True)

    @property
    def _late(self) -> Fault:
        return Fault("retry", f"no reply within {self.timeout:g} s", paid=True, late=True)

    def parsed(self, text: str) -> Any:
        """The JSON in a body, or the text where it is none; from here on without the API key."""
        try:
            return self.redaction.tree(json.loads(self.redaction.text(text)))
        except (ValueError, RecursionError):
            return self.redaction.text(text)

    def read(self, body: Mapping[str, Any], sheet: Sheet, seconds: float) -> Reply | Fault:
        """The reply in a chat completion's body; a fault where it is no answer at all."""
        content = content_in(body)
        if content is None:
            return NO_ANSWER
        most = (sheet.prompt_bytes, sheet.max_tokens)
        said_something = bool(content.text or content.thought)
        prompt, completion, usage = tokens_in(body, said_something, most)
        reply = Reply(
            text=content.text,
            finish_reason=content.finish_reason,
            prompt_tokens=prompt,
            completion_tokens=completion,
            prompt_bytes=sheet.prompt_bytes,
            seconds=round(seconds, 3),
            cost=sheet.cost(prompt, completion),
            usage=usage,
            thought=content.thought,
        )
        why = no_answer(reply, sheet.may_be_empty)
        if why is None:
            return reply
        return Fault("retry", one_line(why), paid=True, cost=reply.cost, empty=True)


def completion_in(found: Any) -> dict[str, Any] | Fault:
    """A chat completion in the parsed body of a reply with a good status: some endpoints report
    their errors there, too.
    """
    if isinstance(found, str):
        return Fault("retry", "the reply is not JSON", paid=True)
    if isinstance(found, dict) and content_in(found) is not None and not found.get("error"):
        return found
    details = faults.details_of(found)
    if not (details.message or details.code) or not _tells_error(found):
        return NO_ANSWER
    return faults.of_status(_status(details), {}, found)


def _tells_error(found: Any) -> bool:
    row = found[0] if isinstance(found, list) and found else found
    names = ("error", "errors", "detail")
    return isinstance(row, dict) and (
        any(row.get(name) for name in names) or row.get("object") == "error"
    )


def _status(details: faults.Details) -> int:
    """The status that an error inside a good reply stands for."""
    words = details.code.lower()
    for word in words.split():
        if word.isdigit() and 400 <= int(word) < 600:
            return int(word)
    for sign, status in STATUS_OF.items():
        if sign in words:
            return status
    return 502
