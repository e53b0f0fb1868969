"""The wire: the package openai sends one request; a reply, or what its failure means, comes back.

The package's own retries are switched off, since they neither stop the stage where nothing heals
nor know of our limits.
"""

import asyncio
import json
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

from meteor.chat.replies import Reply
from meteor.transport import faults
from meteor.transport.faults import Fault

T = TypeVar("T")
TELEMETRY = tuple(
    f"X-Stainless-{name}"
    for name in ("Lang", "Package-Version", "OS", "Arch", "Runtime", "Runtime-Version", "Async")
)
"""Headers in which the package describes this machine. No endpoint needs them, and they take CPU
time at each of the many copies that are made of a request's headers.
"""


@dataclass(frozen=True)
class Sheet:
    """What is noted about a request when its reply is written: where it belongs, the worst case
    for endpoints that tell no usage, and the price of a million tokens of prompt and of answer.
    """

    stage: str
    run: str
    endpoint: str
    model: str
    prompt_bytes: int
    max_tokens: int
    price: tuple[float, float] | None

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

        self.timeout, self._key = timeout, key
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
        return completion_in(outcome.text), faults.exhausted(outcome.headers, room)

    async def call(self, send: Callable[[], Awaitable[T]]) -> T | Fault:
        """Call the endpoint once, within the time-out; what goes wrong becomes a fault."""
        import openai

        try:
            async with asyncio.timeout(self.timeout):
                return await send()
        except TimeoutError:
            return self._late
        except openai.APIStatusError as error:
            fault = faults.of_status(error.status_code, error.response.headers, error.body)
        except openai.APIConnectionError as error:
            # With aiohttp a refused connection comes as a time-out, too: what lies under it tells.
            timed_out = isinstance(error, openai.APITimeoutError)
            fault = faults.of_connection(error)
            if timed_out and fault.paid:
                return self._late
        except openai.APIError as error:
            fault = Fault("retry", f"the reply cannot be read: {error.message}", paid=True)
        return fault.saying(self.redact(fault.message))

    @property
    def _late(self) -> Fault:
        return Fault("retry", f"no reply within {self.timeout:g} s", paid=True)

    def redact(self, text: str) -> str:
        """The text without the API key."""
        return text.replace(self._key, "***") if len(self._key) >= 8 else text

    def read(self, body: Mapping[str, Any], sheet: Sheet, seconds: float) -> Reply:
        """The reply in a chat completion's body."""
        choice = body["choices"][0]
        message = choice["message"]
        text, finish = message.get("content"), str(choice.get("finish_reason") or "stop")
        if not isinstance(text, str):
            text = str(message.get("refusal") or "")
            finish = "refusal" if finish == "stop" else finish
        usage = body.get("usage") if isinstance(body.get("usage"), dict) else None
        counted = usage or {
            "prompt_tokens": sheet.prompt_bytes,
            "completion_tokens": sheet.max_tokens,
        }
        prompt = int(counted.get("prompt_tokens") or 0)
        completion = int(counted.get("completion_tokens") or 0)
        cost = None
        if sheet.price:
            cost = (prompt * sheet.price[0] + completion * sheet.price[1]) / 1e6
        return Reply(
            text=self.redact(text),
            finish_reason=finish,
            prompt_tokens=prompt,
            completion_tokens=completion,
            prompt_bytes=sheet.prompt_bytes,
            seconds=round(seconds, 3),
            cost=cost,
            usage=self.redact(json.dumps(usage, sort_keys=True)),
        )


def completion_in(text: str) -> dict[str, Any] | Fault:
    """A chat completion's body in the text of a reply with a good status."""
    try:
        found = json.loads(text)
    except ValueError:
        return Fault("retry", "the reply is not JSON", paid=True)
    if isinstance(found, dict) and isinstance(found.get("error"), dict) and found["error"]:
        code = found["error"].get("code")
        return faults.of_status(code if isinstance(code, int) else 502, {}, found)
    return found if is_completion(found) else Fault("retry", "the reply is no answer", paid=True)


def is_completion(body: Any) -> bool:
    """Whether a body holds at least one choice with a message."""
    choices = body.get("choices") if isinstance(body, dict) else None
    return (
        isinstance(choices, list)
        and bool(choices)
        and isinstance(choices[0], dict)
        and isinstance(choices[0].get("message"), dict)
    )
