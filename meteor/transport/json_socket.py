"""JSON objects, one a line, over a socket between the stage and its recorder."""

import asyncio
import json
from collections.abc import Callable
from typing import Any


class Lines(asyncio.Protocol):
    """One end of the socket. `take` gets each object that comes in, `end` is called once when
    nothing more will.
    """

    def __init__(self, take: Callable[[dict[str, Any]], None], end: Callable[[], None]) -> None:
        self._take, self._end = take, end
        self._rest: list[bytes] = []
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """The socket is in use."""
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        """Hand on what is whole; a line that the other end did not finish counts for nothing."""
        whole, newline, rest = data.rpartition(b"\n")
        if newline:
            lines, self._rest = b"".join([*self._rest, whole]), []
            for line in lines.split(b"\n"):
                self._take(json.loads(line))
        if rest:
            self._rest.append(rest)

    def connection_lost(self, error: Exception | None) -> None:
        """The other end is gone, or this one was closed."""
        self._end()

    def tell(self, what: dict[str, Any]) -> None:
        """Send an object; where nobody reads any more, nothing happens."""
        if self._transport and not self._transport.is_closing():
            self._transport.write(json.dumps(what).encode() + b"\n")

    def close(self) -> None:
        """Close the socket, after what was told."""
        if self._transport:
            self._transport.close()
