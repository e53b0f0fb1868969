"""The files and batches endpoints of OpenAI, on loopback: the life of a batch in memory."""

import asyncio
import json
import re
import time
from collections import Counter
from collections.abc import Callable
from typing import Any

from tests.transport.server import ChatServer, Outcome, error

Line = Callable[[int, str, int], str]
"""What becomes of a line, from the batch's number, custom id and attempt: `ok`, `expired`, or an
HTTP status as text."""


class BatchServer(ChatServer):
    """Batches take a moment; how each line fares is the test's choice."""

    def __init__(self, fate: Line | None = None, moment: float = 0.2, max_lines: int = 50_000):
        super().__init__()
        self.slow, self.begun = 0.0, 0
        self.fate, self.moment, self.max_lines = fate or (lambda *_: "ok"), moment, max_lines
        self.files: dict[str, bytes] = {}
        self.batches: dict[str, dict[str, Any]] = {}
        self.tried: Counter[str] = Counter()
        self.paid: Counter[str] = Counter()
        self.refuse: list[str] = []

    async def _answer(self, method: str, path: str, *rest: Any) -> bool:
        """Uploads and the making of batches may take a while; nothing is done before it is over."""
        if method == "POST" and path in ("/v1/files", "/v1/batches"):
            self.begun += 1
            await asyncio.sleep(self.slow)
        return await super()._answer(method, path, *rest)

    def route(self, method: str, path: str, headers: dict[str, str], content: bytes) -> Outcome:
        path = path.split("?")[0].removeprefix("/v1")
        if (method, path) == ("POST", "/files"):
            return self._upload(content)
        if (method, path) == ("POST", "/batches"):
            return self._make(json.loads(content))
        if (method, path) == ("GET", "/batches"):
            rows = sorted(self.batches.values(), key=lambda row: -row["created_at"])
            return Outcome(200, {"object": "list", "data": rows, "has_more": False})
        if found := re.fullmatch(r"/batches/(\S+)", path):
            return self._look(found.group(1))
        if found := re.fullmatch(r"/files/(\S+)/content", path):
            return Outcome(200, self.files[found.group(1)].decode())
        return Outcome(404, error(f"there is no {method} {path}"))

    def _upload(self, form: bytes) -> Outcome:
        content = form[form.index(b'{"custom_id"') :].split(b"\r\n--")[0]
        assert b'name="purpose"\r\n\r\nbatch' in form
        name = f"file-{len(self.files)}"
        self.files[name] = content
        return Outcome(
            200,
            {
                "id": name,
                "object": "file",
                "bytes": len(content),
                "created_at": int(time.time()),
                "filename": "meteor.jsonl",
                "purpose": "batch",
                "status": "processed",
            },
        )

    def _make(self, body: dict[str, Any]) -> Outcome:
        name = f"batch-{len(self.batches)}"
        self.batches[name] = {
            "id": name,
            "object": "batch",
            "endpoint": body["endpoint"],
            "input_file_id": body["input_file_id"],
            "completion_window": body["completion_window"],
            "status": "validating",
            "created_at": int(time.time()),
            "output_file_id": None,
            "error_file_id": None,
            "errors": None,
            "ends": time.monotonic() + self.moment,
        }
        lines = self.files[body["input_file_id"]].splitlines()
        if len(lines) > self.max_lines or self.refuse:
            code = self.refuse.pop() if self.refuse else "too_many_lines"
            problem = {"code": code, "message": "refused", "line": None, "param": None}
            self.batches[name] |= {"status": "failed", "errors": {"data": [problem]}}
        return Outcome(200, self.batches[name])

    def _look(self, name: str) -> Outcome:
        batch = self.batches[name]
        if batch["status"] == "validating" and time.monotonic() > batch["ends"]:
            self._finish(batch)
        return Outcome(200, batch)

    def _finish(self, batch: dict[str, Any]) -> None:
        good, bad = [], []
        number = int(batch["id"].split("-")[1])
        expired = False
        for raw in reversed(self.files[batch["input_file_id"]].splitlines()):
            row = json.loads(raw)
            key = row["custom_id"]
            self.tried[key] += 1
            fate = self.fate(number, key, self.tried[key])
            answer: dict[str, Any] = {"id": "line", "custom_id": key, "error": None}
            if fate == "ok":
                self.paid[key] += 1
                self.bodies.append(row["body"])
                body = self.complete(row["body"])
                good.append({**answer, "response": {"status_code": 200, "body": body}})
            elif fate == "expired":
                expired = True
                problem = {"code": "batch_expired", "message": "It could not be done in time."}
                bad.append({**answer, "response": None, "error": problem})
            else:
                body = error("the line failed")
                bad.append({**answer, "response": {"status_code": int(fate), "body": body}})
        for kind, rows in (("output_file_id", good), ("error_file_id", bad)):
            if rows:
                name = f"{batch['id']}-{kind}"
                self.files[name] = "\n".join(json.dumps(row) for row in rows).encode()
                batch[kind] = name
        batch["status"] = "expired" if expired else "completed"
