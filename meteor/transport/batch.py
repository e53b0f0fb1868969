"""Batch mode: the endpoint's Batch API, at half the price, with the same ledger keys as online.

What the ledger lacks of a wave is uploaded, in files within the API's limits, and awaited. Each
file and batch is noted in the ledger before it can cost anything, so that a stage that was killed,
or whose machine was, finds its batches again. Only lines that failed or expired are sent anew. A
request is claimed until its batch is noted: meanwhile other stages that ask the same wait.
"""

import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from meteor.chat.asking import FatalError, Request
from meteor.chat.replies import Reply
from meteor.core.shown import one_line
from meteor.running.processes import process_name
from meteor.transport.batch_api import BatchApi
from meteor.transport.batch_lines import line_of, lines_in, outcome_of
from meteor.transport.client import EMPTY, WAIT_FOR_OTHERS, ChatClient
from meteor.transport.dialect import Form
from meteor.transport.faults import Fault
from meteor.transport.ledger import LedgerError
from meteor.transport.noted_batches import Batch, batches, close_batch, name_batch, open_batch
from meteor.transport.rescue import Row, told
from meteor.transport.wire import Sheet, Wire

FINAL = frozenset({"completed", "expired", "cancelled", "failed"})


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


class Batches:
    """The batches of one wave."""

    def __init__(self, client: ChatClient, wire: Wire, wave: Wave) -> None:
        self.client, self.wire, self.wave = client, wire, wave
        self.endpoint = client.settings.base_url
        self.api = BatchApi(client, wire)
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
            if reply := self.client.known(key, self.wave.requests[key]):
                self.wave.replies[key] = reply

    def _under_way(self) -> list[Batch]:
        """The open batches that hold any of our requests, be they of an earlier process."""
        ours = set(self.wave.open())
        return [b for b in batches(self.client.ledger, self.endpoint) if b.keys & ours]

    # --- out -------------------------------------------------------------------------------------

    async def _submit(self, keys: list[str]) -> None:
        """Upload requests in as many files as the limits ask for, as far as the budget goes."""
        under_way, budget = self._under_way(), self.client.budget
        reserved = sum(
            budget.worst(self.wave.requests[key])
            for batch in under_way
            for key in batch.keys & self.wave.requests.keys()
        )
        affordable: list[str] = []
        for key in keys:
            worst = budget.worst(self.wave.requests[key])
            if budget.active and not (
                budget.fits(reserved + worst) and budget.reserve_of_run(worst, key, self.owner)
            ):
                if not affordable and not under_way and not self._others_of_the_run():
                    raise budget.spent(worst)
                break
            reserved += worst
            affordable.append(key)
        for lines in self._files(affordable):
            await self._upload(lines)

    def _others_of_the_run(self) -> bool:
        """Whether another process of the run has something under way that may turn out cheaper."""
        budget = self.client.budget
        return budget.limits.run is not None and self.client.ledger.reserved(budget.run) > 1e-12

    def _files(self, keys: list[str]) -> Iterator[dict[str, bytes]]:
        """Requests as lines of JSON, split at the most lines and bytes that a file may have."""
        api = self.client.api
        lines: dict[str, bytes] = {}
        size = 0
        for key in keys:
            body = self.client.dialect.body(self.wave.requests[key])
            self._forms[key] = self.client.dialect.form
            line = line_of(key, body)
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
        file = await self.api.upload(content)
        self.client.ledger.claim(self._place(file), self.owner)
        budget = self.client.budget
        open_batch(
            self.client.ledger,
            file,
            lines,
            endpoint=self.endpoint,
            stage=self.client.stage,
            run=budget.run,
            worst=sum(budget.worst(self.wave.requests[key]) for key in lines),
        )
        await self._make(file)

    async def _make(self, file: str) -> str:
        """Make a batch of an uploaded file, and note its id."""
        batch = await self.api.make(file)
        name_batch(self.client.ledger, file, batch)
        return batch

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
            now = [row for row in batches(ledger, self.endpoint) if row.file == noted.file]
            if not now or now[0].batch:
                return now[0].batch if now else None
            found = await self.api.listed(noted) or await self._make(noted.file)
            name_batch(ledger, noted.file, found)
            return found
        finally:
            ledger.release(place, self.owner)

    # --- in --------------------------------------------------------------------------------------

    async def _collect(self, noted: Batch) -> bool:
        """Look at a batch; where it has ended, write its replies and forget it."""
        if not (identifier := await self._found(noted)):
            return False
        batch = await self.api.look(identifier)
        if batch.status not in FINAL:
            return False
        if batch.status == "failed":
            self._refused(batch, noted)
            return True
        outcomes: dict[str, Reply | Fault] = {}
        for file in (batch.output_file_id, batch.error_file_id):
            if file:
                content = await self.api.content(file)
                for line in lines_in(content, self.wire):
                    key = line["custom_id"]
                    outcomes[key] = outcome_of(line, self.wire, self._sheet(key))
        self._write(outcomes)
        close_batch(self.client.ledger, noted.file)
        broken = Fault("retry", f"the batch has {batch.status}")
        for key in sorted(noted.keys):
            outcome = outcomes.get(key, broken)
            if isinstance(outcome, Fault):
                self._again(key, outcome)
        return True

    def _write(self, outcomes: dict[str, Reply | Fault]) -> None:
        """Write all replies of a batch, also those that an earlier or another stage asked for."""
        ledger = self.client.ledger
        rows: list[Row] = [
            (key, outcome, self._sheet(key).origin)
            for key, outcome in outcomes.items()
            if isinstance(outcome, Reply)
        ]
        try:
            ledger.put_all(rows)
        except LedgerError as error:
            raise LedgerError(told(error, ledger.path, rows)) from None
        for key, outcome in outcomes.items():
            if isinstance(outcome, Fault) and outcome.cost:
                ledger.waste(key, outcome.cost, outcome.message, self._sheet(key).origin)

    def _sheet(self, key: str) -> Sheet:
        """What is noted beside a line's reply; less is known of a line that others asked for."""
        client = self.client
        if request := self.wave.requests.get(key):
            return client.sheet(request)
        return client.sheet(Request(client.settings.model, (), 0))

    def _again(self, key: str, fault: Fault) -> None:
        """A line failed: it is sent again, or its row has failed, or the stage stops."""
        if key not in self.wave.requests:
            return
        if fault.kind == "fatal":
            raise FatalError(self.client.about(fault.message))
        self.wave.attempts[key] = attempts = self.wave.attempts.get(key, 0) + 1
        dialect = self.client.dialect
        if dialect.learn(
            self.wave.requests[key], self._forms.get(key, dialect.form), fault, attempts
        ):
            return
        most = EMPTY if fault.empty else self.client.api.max_retries
        if fault.kind != "retry" or attempts > most:
            self.wave.failures[key] = fault.message

    def _refused(self, batch: Any, noted: Batch) -> None:
        """The endpoint took nothing of a batch. Raises FatalError unless later tries may do."""
        close_batch(self.client.ledger, noted.file)
        problems = batch.errors.data if batch.errors and batch.errors.data else []
        said = "; ".join(f"{problem.code}: {problem.message}" for problem in problems[:3])
        text = one_line(self.wire.redaction.text(said))
        if not any("limit" in (problem.code or "") for problem in problems):
            raise FatalError(self.client.about(f"the batch {batch.id} was refused: {text}"))
        for key in noted.keys:
            self._again(key, Fault("retry", f"the batch was refused: {text}"))
