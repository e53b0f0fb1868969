"""Batch mode: the endpoint's Batch API, at half the price, with the same ledger keys as online.

The rows go in waves: what the ledger lacks is uploaded, in files within the API's limits, and
awaited; replies that ask for a repair make the next wave. Each file and batch is noted in the
ledger before it can cost anything, so that a stage that was killed, or whose machine was, finds
its batches again. Only lines that failed or expired are sent anew. A request is claimed until its
batch is noted: meanwhile other stages that ask the same wait.
"""

import json
import os
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass, field
from typing import Any, Literal, TypeVar

from meteor.chat.asking import Conversation, FatalError, Request
from meteor.chat.replies import Reply
from meteor.core.records import Failed
from meteor.running.processes import process_name
from meteor.transport import faults
from meteor.transport.client import WAIT_FOR_OTHERS, ChatClient
from meteor.transport.dialect import Form
from meteor.transport.faults import Fault
from meteor.transport.ledger import Batch
from meteor.transport.wire import Wire, is_completion

T = TypeVar("T")
Give = Callable[[Any], Awaitable[None]]
FINAL = frozenset({"completed", "expired", "cancelled", "failed"})
ADDRESS: Literal["/v1/chat/completions"] = "/v1/chat/completions"


@dataclass
class Wave:
    """Requests by key, with what became of them."""

    requests: dict[str, Request]
    replies: dict[str, Reply] = field(default_factory=dict)
    failures: dict[str, str] = field(default_factory=dict)
    attempts: dict[str, int] = field(default_factory=dict)

    def open(self) -> list[str]:
        """The keys that have neither a reply nor a failure."""
        done = self.replies.keys() | self.failures.keys()
        return [key for key in self.requests if key not in done]


async def serve(client: ChatClient, conversations: Iterator[Conversation], give: Give) -> None:
    """Have all conversations answered and hand over their results."""
    settings = client.settings
    wire = Wire(settings.base_url, settings.api_key, client.api.timeout, 4)
    try:
        waiting = [(conversation, conversation.request) for conversation in conversations]
        while waiting:
            wave = Wave({request.key(settings.base_url): request for _, request in waiting})
            await Batches(client, wire, wave).run()
            again: list[tuple[Conversation, Request]] = []
            for conversation, request in waiting:
                key = request.key(settings.base_url)
                if key in wave.failures:
                    await give(Failed(id=conversation.id, error=wave.failures[key]))
                    continue
                result = conversation.take(wave.replies[key])
                if isinstance(result, Request):
                    again.append((conversation, result))
                else:
                    await give(result)
            waiting = again
    finally:
        await wire.close()


class Batches:
    """The batches of one wave."""

    def __init__(self, client: ChatClient, wire: Wire, wave: Wave) -> None:
        self.client, self.wire, self.wave = client, wire, wave
        self.endpoint = client.settings.base_url
        self.owner = f"{process_name(os.getpid())}#batch-{id(self)}"
        self._forms: dict[str, Form] = {}

    async def run(self) -> None:
        """Until every request of the wave has a reply or a failure."""
        self._look_up()
        while self.wave.open():
            await self._send_what_lacks()
            under_way = self._under_way()
            finished = [batch for batch in under_way if await self._collect(batch)]
            self._look_up()
            if not finished:
                poll = self.client.api.batch_poll
                await self.client.rest(poll if under_way else min(poll, WAIT_FOR_OTHERS))

    async def _send_what_lacks(self) -> None:
        """Submit what stands in no batch yet. Two stages may ask for the same at the same moment:
        a request is claimed until its batch is noted, and looked for once more when it is claimed.
        """
        ledger, batched = self.client.ledger, self._batched()
        lacking = [key for key in self.wave.open() if key not in batched]
        ours = ledger.claim_all(lacking, self.owner) if lacking else set()
        try:
            # Batches first: one that ends between the two looks has written its replies before.
            ours -= self._batched()
            self._look_up()
            if keys := [key for key in self.wave.open() if key in ours]:
                await self._submit(keys)
        finally:
            ledger.release_all(self.owner)

    def _batched(self) -> set[str]:
        return {key for batch in self._under_way() for key in batch.keys}

    def _look_up(self) -> None:
        for key in self.wave.open():
            if reply := self.client.known(key):
                self.wave.replies[key] = reply

    def _under_way(self) -> list[Batch]:
        """The open batches that hold any of our requests, be they of an earlier process."""
        ours = set(self.wave.open())
        return [b for b in self.client.ledger.batches(self.endpoint) if b.keys & ours]

    # --- out -------------------------------------------------------------------------------------

    async def _submit(self, keys: list[str]) -> None:
        """Upload requests in as many files as the limits ask for, as far as the budget goes."""
        under_way = self._under_way()
        reserved = sum(
            self.client.budget.worst(self.wave.requests[key])
            for batch in under_way
            for key in batch.keys & self.wave.requests.keys()
        )
        affordable: list[str] = []
        for key in keys:
            worst = self.client.budget.worst(self.wave.requests[key])
            if self.client.budget.active and not self.client.budget.fits(reserved + worst):
                if not affordable and not under_way:
                    raise self.client.budget.spent(worst)
                break
            reserved += worst
            affordable.append(key)
        for lines in self._files(affordable):
            await self._upload(lines)

    def _files(self, keys: list[str]) -> Iterator[dict[str, bytes]]:
        """Requests as lines of JSON, split at the most lines and bytes that a file may have."""
        api = self.client.api
        lines: dict[str, bytes] = {}
        size = 0
        for key in keys:
            body = self.client.dialect.body(self.wave.requests[key])
            self._forms[key] = self.client.dialect.form
            row = {"custom_id": key, "method": "POST", "url": ADDRESS, "body": body}
            line = json.dumps(row).encode() + b"\n"
            if lines and (
                len(lines) == api.batch_lines or size + len(line) > api.batch_megabytes * 1e6
            ):
                yield lines
                lines, size = {}, 0
            lines[key] = line
            size += len(line)
        if lines:
            yield lines

    async def _upload(self, lines: dict[str, bytes]) -> None:
        content = b"".join(lines.values())
        api = self.wire.openai
        file = await self._ask(
            lambda: api.files.create(file=("meteor.jsonl", content), purpose="batch")
        )
        self.client.ledger.claim(self._place(file.id), self.owner)
        self.client.ledger.open_batch(file.id, self.endpoint, self.client.stage, lines)
        await self._make(file.id)

    async def _make(self, file: str) -> str:
        """Make a batch of an uploaded file, and note its id."""
        batch = await self._ask(
            lambda: self.wire.openai.batches.create(
                input_file_id=file, endpoint=ADDRESS, completion_window="24h"
            )
        )
        self.client.ledger.name_batch(file, batch.id)
        return str(batch.id)

    def _place(self, file: str) -> str:
        """What is claimed while a batch is made of a file."""
        return f"{self.endpoint} {file}"

    async def _found(self, noted: Batch) -> str | None:
        """The id of a noted batch; None while another stage makes it. Where a process died between
        making the batch and noting its id, the endpoint's own list tells it; where it died before,
        the batch is made now.
        """
        if noted.batch:
            return noted.batch
        place, ledger = self._place(noted.file), self.client.ledger
        if not ledger.claim(place, self.owner):
            return None
        try:
            now = [row for row in ledger.batches(self.endpoint) if row.file == noted.file]
            if not now or now[0].batch:
                return now[0].batch if now else None
            found = await self._ask(lambda: self._listed(noted)) or await self._make(noted.file)
            ledger.name_batch(noted.file, found)
            return found
        finally:
            ledger.release(place, self.owner)

    async def _listed(self, noted: Batch) -> str | None:
        """The id of a noted batch in the endpoint's list."""
        async for batch in self.wire.openai.batches.list(limit=100):
            if batch.input_file_id == noted.file:
                return str(batch.id)
            if batch.created_at < noted.created - 86400:
                break
        return None

    # --- in --------------------------------------------------------------------------------------

    async def _collect(self, noted: Batch) -> bool:
        """Look at a batch; where it has ended, write its replies and forget it."""
        if not (identifier := await self._found(noted)):
            return False
        batch = await self._ask(lambda: self.wire.openai.batches.retrieve(identifier))
        if batch.status not in FINAL:
            return False
        if batch.status == "failed":
            self._refused(batch, noted)
            return True
        answered: set[str] = set()
        for file in (batch.output_file_id, batch.error_file_id):
            if file:
                content = await self._ask(lambda file=file: self._content(file))  # type: ignore[misc]
                for line in content.splitlines():
                    answered.add(self._read(json.loads(line)))
        for key in noted.keys - answered:
            self._again(key, Fault("retry", f"the batch has {batch.status}"))
        self.client.ledger.close_batch(noted.file)
        return True

    async def _content(self, file: str) -> str:
        return str((await self.wire.openai.files.content(file)).text)

    def _read(self, line: dict[str, Any]) -> str:
        """Write one line's reply, or note its failure; return its key."""
        key = str(line["custom_id"])
        response = line.get("response") or {}
        status, body = response.get("status_code"), response.get("body")
        request = self.wave.requests.get(key)
        if request is None:
            return key
        if status == 200 and body and is_completion(body):
            sheet = self.client.sheet(request)
            reply = self.wire.read(body, sheet, 0.0)
            self.client.ledger.put(key, reply, **sheet.origin)
            self.client.budget.paid += reply.cost or 0.0
            self.client.dialect.understood(request)
        else:
            error = body if status else {"error": line.get("error") or {}}
            self._again(key, faults.of_status(int(status or 500), {}, error))
        return key

    def _again(self, key: str, fault: Fault) -> None:
        """A line failed: it is sent again, or its row has failed, or the stage stops."""
        if key not in self.wave.requests:
            return
        if fault.kind == "fatal":
            raise FatalError(self.client.about(self.wire.redact(fault.message)))
        self.wave.attempts[key] = attempts = self.wave.attempts.get(key, 0) + 1
        dialect = self.client.dialect
        if dialect.learn(
            self.wave.requests[key], self._forms.get(key, dialect.form), fault, attempts
        ):
            return
        if fault.kind != "retry" or attempts > self.client.api.max_retries:
            self.wave.failures[key] = self.wire.redact(fault.message)

    def _refused(self, batch: Any, noted: Batch) -> None:
        """The endpoint took nothing of a batch. Raises FatalError unless later tries may do."""
        self.client.ledger.close_batch(noted.file)
        problems = batch.errors.data if batch.errors and batch.errors.data else []
        text = "; ".join(f"{problem.code}: {problem.message}" for problem in problems[:3])
        if not any("limit" in (problem.code or "") for problem in problems):
            raise FatalError(self.client.about(f"the batch {batch.id} was refused: {text}"))
        for key in noted.keys:
            self._again(key, Fault("retry", f"the batch was refused: {text}"))

    async def _ask(self, send: Callable[[], Awaitable[T]]) -> T:
        """Call the endpoint, again where that may help."""
        failures = 0
        while True:
            outcome = await self.wire.call(send)
            if not isinstance(outcome, Fault):
                return outcome
            failures += 1
            if outcome.kind != "retry" or failures > self.client.api.max_retries:
                raise FatalError(self.client.about(f"the Batch API: {outcome.message}"))
            await self.client.rest(self.client.wait_after(outcome, failures))
