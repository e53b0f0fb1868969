"""A real HTTP server on loopback that speaks chat completions, and misbehaves when told to.

It keeps its own books: when each request came, how many tokens it took, and which requests were
finished: those whose reply it has written whole.
"""

import asyncio
import email.utils
import hashlib
import json
import re
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, TypeVar

Body = dict[str, Any]
REASONS = {200: "OK", 400: "Bad Request", 401: "Unauthorized", 404: "Not Found", 429: "Too Many"}


@dataclass
class Outcome:
    """What a request gets: a status with a body, or no reply in one of two ways."""

    status: int = 200
    body: Any = None
    headers: dict[str, str] = field(default_factory=dict)
    reason: str | None = None
    drop: bool = False
    hang: bool = False


Fault = Callable[[str, int, Body], Outcome | None]
Write = Callable[[Body], tuple[str, str]]


def identity(body: Body) -> str:
    """What makes two requests the same to the server."""
    return hashlib.sha256(json.dumps(body, sort_keys=True).encode()).hexdigest()


def fraction(*parts: object) -> float:
    """A repeatable number between 0 and 1."""
    digest = hashlib.sha256(repr(parts).encode()).digest()
    return int.from_bytes(digest[:8], "big") / 2**64


def tokens(text: str) -> int:
    """The server's tokenizer: words and marks."""
    return len(re.findall(r"\w+|[^\w\s]", text))


def error(message: str, code: str | None = None, param: str | None = None) -> Body:
    """An error's body as OpenAI writes it."""
    return {"error": {"message": message, "type": "error", "code": code, "param": param}}


def echo(body: Body) -> tuple[str, str]:
    """An answer that depends on the question, and its finish reason."""
    mark = identity({"messages": body["messages"]})[:12]
    return f"This is the answer {mark}. It explains the concept, and then it ends.", "stop"


def refusals(number: str, attempt: int, body: Body) -> Outcome | None:
    """The fault mix of a bad day: 5 % 429, 3 % 5xx, 2 % dropped, 1 % hanging, 3 % not JSON."""
    draw = fraction(number, attempt)
    if draw < 0.025:
        return Outcome(429, error("slow down", "rate_limit_exceeded"), {"retry-after": "0.2"})
    if draw < 0.05:
        return Outcome(429, error("slow down", "rate_limit_exceeded"))
    if draw < 0.08:
        return Outcome((500, 502, 503)[int(draw * 1e6) % 3], "<html>Bad gateway</html>")
    if draw < 0.10:
        return Outcome(drop=True)
    if draw < 0.11:
        return Outcome(hang=True)
    if draw < 0.14:
        return Outcome(200, '{"id": "chat-1", "choices": [{"mess')
    return None


class ChatServer:
    """The server, in a thread of its own."""

    def __init__(
        self,
        write: Write = echo,
        fault: Fault | None = None,
        latency: float = 0.0,
        cost: Callable[[Body, str], tuple[int, int]] | None = None,
    ) -> None:
        self.write, self.fault, self.latency = write, fault, latency
        self.cost = cost or self._usage
        self.arrived: list[float] = []
        self.took: list[tuple[float, int]] = []
        self.bodies: list[Body] = []
        self.keys_seen: set[str] = set()
        self.attempts: Counter[str] = Counter()
        self.sent: Counter[str] = Counter()
        self.in_flight = self.most_in_flight = 0
        self._loop = asyncio.new_event_loop()
        self._ready = threading.Event()
        self.port = 0

    @property
    def url(self) -> str:
        """The base URL."""
        return f"http://127.0.0.1:{self.port}/v1"

    def start(self) -> None:
        """Start the thread and wait for the port."""
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()
        assert self._ready.wait(10)

    def stop(self) -> None:
        """Stop the loop and wait for the thread."""
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)

        async def listen() -> None:
            server = await asyncio.start_server(self._connection, "127.0.0.1", 0, backlog=512)
            self.port = server.sockets[0].getsockname()[1]
            self._server = server
            self._ready.set()

        self._loop.run_until_complete(listen())
        self._loop.run_forever()
        self._server.close()
        for task in asyncio.all_tasks(self._loop):
            task.cancel()
        self._loop.run_until_complete(asyncio.sleep(0))

    async def _connection(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
                method, path, _ = head.split("\r\n", 1)[0].split(" ")
                headers = dict(
                    re.findall(r"^([\w-]+): *(.*?)\r?$", head.lower(), flags=re.MULTILINE)
                )
                content = await reader.readexactly(int(headers.get("content-length", 0)))
                sent_key = re.search(r"(?im)^authorization: *bearer (.*?)\r?$", head)
                if sent_key:
                    self.keys_seen.add(sent_key.group(1))
                if not await self._answer(method, path, headers, content, reader, writer):
                    break
        except (asyncio.IncompleteReadError, ConnectionError, asyncio.CancelledError):
            pass
        finally:
            writer.close()

    async def _answer(
        self,
        method: str,
        path: str,
        headers: dict[str, str],
        content: bytes,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
    ) -> bool:
        """Answer one request; False closes the connection."""
        if not path.startswith("/v1/chat/completions"):
            outcome = self.route(method, path, headers, content)
            await self._write(writer, outcome)
            return True
        self.in_flight += 1
        self.most_in_flight = max(self.most_in_flight, self.in_flight)
        try:
            body = json.loads(content)
            number = identity(body)
            self.arrived.append(time.monotonic())
            self.bodies.append(body)
            self.attempts[number] += 1
            fault = self.fault(number, self.attempts[number], body) if self.fault else None
            if self.latency:
                await asyncio.sleep(self.latency)
            if fault and fault.drop:
                return False
            if fault and fault.hang:
                await reader.read(1)
                return False
            outcome = fault or Outcome(200, self.complete(body))
            await self._write(writer, outcome)
        finally:
            self.in_flight -= 1
        if fault is None:
            self.sent[number] += 1
        return True

    def route(self, method: str, path: str, headers: dict[str, str], content: bytes) -> Outcome:
        """Answer anything but chat completions."""
        return Outcome(404, error(f"there is no {method} {path}"))

    def complete(self, body: Body) -> Body:
        """The body of a chat completion, with its tokens in the books."""
        text, finish = self.write(body)
        prompt, completion = self.cost(body, text)
        self.took.append((time.monotonic(), prompt + completion))
        return {
            "id": "chat-1",
            "object": "chat.completion",
            "created": int(time.time()),
            "model": body["model"],
            "choices": [
                {
                    "index": 0,
                    "finish_reason": finish,
                    "message": {"role": "assistant", "content": text},
                }
            ],
            "usage": {
                "prompt_tokens": prompt,
                "completion_tokens": completion,
                "total_tokens": prompt + completion,
            },
        }

    @staticmethod
    def _usage(body: Body, text: str) -> tuple[int, int]:
        return sum(tokens(turn["content"]) for turn in body["messages"]), tokens(text)

    async def _write(self, writer: asyncio.StreamWriter, outcome: Outcome) -> None:
        content = outcome.body if isinstance(outcome.body, str) else json.dumps(outcome.body)
        data = content.encode()
        kind = "text/html" if content.startswith("<") else "application/json"
        lines = [
            f"HTTP/1.1 {outcome.status} {outcome.reason or REASONS.get(outcome.status, 'Status')}",
            f"content-type: {kind}",
            f"content-length: {len(data)}",
            f"date: {email.utils.formatdate(usegmt=True)}",
            *(f"{name}: {value}" for name, value in outcome.headers.items()),
        ]
        writer.write("\r\n".join(lines).encode() + b"\r\n\r\n" + data)
        await writer.drain()


S = TypeVar("S", bound=ChatServer)


@contextmanager
def serving(server: S) -> Iterator[S]:
    """The server, running."""
    server.start()
    try:
        yield server
    finally:
        server.stop()
