"""The lines of a batch's files: requests going out, replies and failures coming in."""

import json
from collections.abc import Iterator
from typing import Any

from meteor.chat.replies import Reply
from meteor.transport import faults
from meteor.transport.faults import Fault
from meteor.transport.wire import Sheet, Wire, completion_in

ADDRESS = "/v1/chat/completions"


def line_of(key: str, body: dict[str, Any]) -> bytes:
    """One request of a batch."""
    row = {"custom_id": key, "method": "POST", "url": ADDRESS, "body": body}
    return json.dumps(row).encode() + b"\n"


def lines_in(content: str, wire: Wire) -> Iterator[dict[str, Any]]:
    """The lines of a result file. One that is broken is left out: its request counts as not
    answered. Only a newline ends a line; the texts may hold other ends of lines.
    """
    for text in content.split("\n"):
        line = wire.parsed(text)
        if isinstance(line, dict) and isinstance(line.get("custom_id"), str):
            yield line


def outcome_of(line: dict[str, Any], wire: Wire, sheet: Sheet) -> Reply | Fault:
    """What became of one line's request."""
    response = line.get("response")
    response = response if isinstance(response, dict) else {}
    status, body = response.get("status_code"), response.get("body")
    if status == 200:
        found = completion_in(body)
        return found if isinstance(found, Fault) else wire.read(found, sheet, 0.0)
    error = body if isinstance(status, int) else {"error": line.get("error") or {}}
    return faults.of_status(status if isinstance(status, int) else 500, {}, error)
