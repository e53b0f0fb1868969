"""An endpoint for benchmarks: it answers every request after the same time, from a process of its
own and with little work, since a real one has a machine for itself. It notes the first and the
last moment.
"""

import asyncio
import json
import multiprocessing
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from multiprocessing.connection import Connection

Write = Callable[[bytes], str]
"""What an endpoint answers to the body of a request."""


@contextmanager
def endpoint(write: Write, latency: float) -> Iterator[str]:
    """The base URL of an endpoint that answers as the module-level function `write` does,
    `latency` seconds after each request has come.
    """
    context = multiprocessing.get_context("spawn")
    mine, theirs = context.Pipe()
    server = context.Process(target=_serve, args=(theirs, write, latency), daemon=True)
    server.start()
    try:
        yield f"http://127.0.0.1:{mine.recv()}/v1"
    finally:
        server.kill()


def between(url: str) -> float:
    """Seconds from the first request to the last reply since this was asked before."""
    first, last = json.load(urllib.request.urlopen(url))
    return float(last - first)


def reply(text: str) -> bytes:
    """A chat completion's body."""
    message = {"role": "assistant", "content": text}
    usage = {"prompt_tokens": 100, "completion_tokens": 200, "total_tokens": 300}
    choice = {"message": message, "finish_reason": "stop"}
    return json.dumps({"choices": [choice], "usage": usage}).encode()


def _serve(pipe: Connection, write: Write, latency: float) -> None:
    moments: list[float] = []

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).lower()
                if head.startswith(b"get"):
                    content = json.dumps([min(moments), max(moments)]).encode()
                    moments.clear()
                else:
                    came = time.monotonic()
                    size = int(head.split(b"content-length:")[1].split(b"\r\n")[0])
                    content = reply(write(await reader.readexactly(size)))
                    await asyncio.sleep(came + latency - time.monotonic())
                    moments.extend((came, time.monotonic()))
                head = f"HTTP/1.1 200 OK\r\ncontent-length: {len(content)}\r\n\r\n".encode()
                writer.write(head + content)
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            writer.close()

    async def listen() -> None:
        server = await asyncio.start_server(answer, "127.0.0.1", 0, backlog=512)
        pipe.send(server.sockets[0].getsockname()[1])
        await server.serve_forever()

    asyncio.run(listen())
