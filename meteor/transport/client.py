"""The client: one request at a time through ledger, limits and budget, until it is answered."""

import asyncio
import time
from collections.abc import Sequence

from meteor.chat.asking import Conversation, FatalError, Request
from meteor.chat.replies import Reply, no_answer
from meteor.chat.settings import ChatSettings
from meteor.core.errors import MeteorError
from meteor.core.records import Failed, Record
from meteor.core.settings import Api
from meteor.running.context import present
from meteor.transport.beginnings import Beginnings
from meteor.transport.budget import Budget
from meteor.transport.dialect import Dialect
from meteor.transport.faults import Fault
from meteor.transport.flow import Flow
from meteor.transport.grouped_writes import Together
from meteor.transport.ledger import Ledger
from meteor.transport.limits import Limits, admitted
from meteor.transport.patience import Patience
from meteor.transport.recording import Recording
from meteor.transport.wire import Sheet

HOPELESS = 10
"""Requests given up one after another, with no reply between, after which the stage stops."""
NOBODY = 3
"""Connections refused, with no answer of any kind before, after which the stage stops."""
EMPTY = 2
"""Times that a request is sent again whose reply holds no answer."""
WAIT_FOR_OTHERS = 0.2
"""Seconds between two looks for a reply that another process is waiting for."""
_limits: dict[tuple[str, str, int | None, int | None], Limits] = {}
"""The windows of this process: they outlive a client."""
_dialects: dict[tuple[str, str], Dialect] = {}
"""What the endpoints turned out to know."""


class Unanswered(MeteorError):
    """A request that failed for good; the stage goes on with the next row."""


class Closing(MeteorError):
    """The stage is stopping; nothing more is sent."""


class ChatClient:
    """Asks one model at one endpoint. To be made and used inside one event loop."""

    def __init__(self, settings: ChatSettings, api: Api, ledger: Ledger) -> None:
        self.settings, self.api, self.ledger = settings, api, ledger
        self.stage = present().name
        batch = settings.mode == "batch"
        self.budget = Budget(api, settings.model, self.stage, batch, ledger)
        self.limits = self._windows()
        self.patience = Patience(api.longest_wait, self.limits, self.about)
        self.closing = asyncio.Event()
        self.flow = Flow(api.concurrency, api.timeout)
        self.first = Beginnings(api.first_failures)
        self._turn = asyncio.Lock()
        self._asked: dict[str, asyncio.Future[Reply]] = {}
        settings.require_key()
        self.dialect = _dialects.setdefault((settings.base_url, settings.model), Dialect())
        self._given_up = self._unconnected = 0
        self._heard = False
        self.recording = Recording(settings, api, ledger)
        self.claim = Together(self._claim)

    def _windows(self) -> Limits:
        api, settings = self.api, self.settings
        name = (
            *(settings.base_url, settings.model),
            *(api.requests_per_minute, api.tokens_per_minute),
        )
        if name not in _limits:
            _limits[name] = Limits(api.requests_per_minute, api.tokens_per_minute)
            _limits[name].seed(self.ledger.recent(settings.base_url, settings.model, 60.0))
        return _limits[name]

    async def close(self) -> None:
        """Close the connections."""
        await self.recording.close()

    # --- rows and replies ------------------------------------------------------------------------

    async def converse(self, conversation: Conversation) -> Record:
        """Go through a conversation to its result; what cannot be answered is a failed row."""
        request = conversation.request
        try:
            while True:
                result = conversation.take(await self.reply(request))
                if not isinstance(result, Request):
                    break
                request = result
        except Unanswered as error:
            result = Failed(id=conversation.id, error=str(error))
        self.note(result)
        return result

    def note(self, result: Record) -> None:
        """Note how a row has ended. Raises FatalError where the first ones all fail alike."""
        try:
            self.first.note(result)
        except FatalError as error:
            raise FatalError(self.about(str(error))) from None

    async def reply(self, request: Request) -> Reply:
        """The reply to a request, from the ledger or the endpoint. Equal requests under way at
        the same time are sent once.
        """
        key = request.key(self.settings.base_url)
        found = self.known(key, request)
        if found:
            return found
        if key in self._asked:
            return await asyncio.shield(self._asked[key])
        future: asyncio.Future[Reply] = asyncio.get_running_loop().create_future()
        self._asked[key] = future
        try:
            answer = await self._claimed(request, key)
            future.set_result(answer)
            return answer
        except BaseException as error:
            if isinstance(error, MeteorError):
                future.set_exception(error)
                future.exception()
            else:
                future.cancel()
            raise
        finally:
            del self._asked[key]

    def known(self, key: str, request: Request) -> Reply | None:
        """A reply from the ledger, counted in the budget. What is no answer counts for nothing: an
        earlier version kept such replies.
        """
        reply = self.ledger.get(key)
        if not reply or no_answer(reply, request.may_be_empty):
            return None
        self.budget.reuse(key, reply)
        return reply

    async def _claimed(self, request: Request, key: str) -> Reply:
        """Answer a request that nobody else is answering, or wait for that one's reply."""
        await self.recording.start()
        while not await self.claim(key):
            await self.rest(WAIT_FOR_OTHERS)
            if found := self.known(key, request):
                return found
        try:
            # Between the look into the ledger and the claim, another may have written the reply.
            if not (found := self.known(key, request)):
                return await self._until_answered(request, key)
        except BaseException:
            if not self.recording.asks(key):
                self.ledger.release(key, self.recording.owner)
            raise
        self.ledger.release(key, self.recording.owner)
        return found

    def _claim(self, keys: Sequence[str]) -> list[bool]:
        ours = self.ledger.claim_all(keys, self.recording.owner)
        return [key in ours for key in keys]

    async def _until_answered(self, request: Request, key: str) -> Reply:
        """Send a request until it is answered. Raises Unanswered, FatalError or Closing."""
        failures = alike = empty = 0
        while True:
            form = self.dialect.form
            outcome = await self._attempt(request, key)
            if isinstance(outcome, Reply):
                self._given_up = self.patience.refused = 0
                self._heard = True
                self.dialect.understood(request)
                return outcome
            self._refused_connections(outcome)
            if outcome.kind == "fatal":
                raise FatalError(self.about(outcome.message + self._remedy(outcome)))
            alike += 1
            if self.dialect.learn(request, form, outcome, alike):
                alike = 0
                continue
            failures += 1
            empty += outcome.empty
            if outcome.kind != "retry":
                raise Unanswered(outcome.message)
            if failures > self.api.max_retries or empty > EMPTY:
                raise self._give_up(outcome, failures)
            await self.rest(self.patience.wait_after(outcome, failures))

    async def _attempt(self, request: Request, key: str) -> Reply | Fault:
        """Send a request once; its reply is in the ledger when this returns."""
        tokens = request.prompt_bytes + request.max_tokens if self.limits.tokens else 0
        worst = self.budget.worst(request)
        await self.flow.enter(self.closing)
        paid, sent = 0.0, False
        reserved = False
        try:
            await self.budget.reserve(worst, key, self.recording.owner)
            reserved = True
            if not await admitted(self.limits, self._turn, tokens, self.closing):
                raise Closing("the stage is stopping")
            sent = True
            outcome, paid = await self._send(request, key, tokens)
            return outcome
        finally:
            self.flow.leave()
            if reserved:
                await self.budget.settle(worst, key, paid, sent)

    async def _send(self, request: Request, key: str, tokens: int) -> tuple[Reply | Fault, float]:
        """Hand a request to the recorder: what came of it, and what it cost."""
        taken, used, start = self.limits.take(tokens), 0, time.monotonic()
        room = self.limits.tokens.limit // 20 if self.limits.tokens else 1
        try:
            outcome, pause = await self.recording.send(
                key, self.dialect.body(request), self.sheet(request), room
            )
            if pause:
                self.patience.pause(min(pause, self.api.longest_wait))
            if isinstance(outcome, Reply):
                self.flow.answered()
                used = outcome.prompt_tokens + outcome.completion_tokens
                return outcome, outcome.cost or 0.0
            if outcome.late:
                self.flow.late(start)
            used = tokens if outcome.paid else 0
            worst = self.budget.worst(request) if outcome.cost is None else outcome.cost
            return outcome, worst if outcome.paid else 0.0
        finally:
            self.limits.done(taken, used)

    def sheet(self, request: Request) -> Sheet:
        """What is noted beside the reply to a request."""
        return Sheet(
            stage=self.stage,
            run=self.budget.run,
            endpoint=self.settings.base_url,
            model=self.settings.model,
            prompt_bytes=request.prompt_bytes,
            max_tokens=request.max_tokens,
            price=self.budget.rates,
            may_be_empty=request.may_be_empty,
            reserved=self.api.max_cost.run is not None,
        )

    async def rest(self, seconds: float) -> None:
        """Wait, unless the stage stops. Raises Closing."""
        try:
            await asyncio.wait_for(self.closing.wait(), seconds)
        except TimeoutError:
            return
        raise Closing("the stage is stopping")

    def _refused_connections(self, fault: Fault) -> None:
        """Raise FatalError where the endpoint was never heard of: a wrong address, most likely."""
        if fault.status is not None or fault.paid:
            self._heard = True
        elif not self._heard:
            self._unconnected += 1
            if self._unconnected >= NOBODY:
                raise FatalError(self.about(f"nobody answers there ({fault.message})"))

    def _give_up(self, fault: Fault, attempts: int) -> MeteorError:
        self._given_up += 1
        message = f"given up after {attempts} attempts: {fault.message}"
        if self._given_up >= HOPELESS:
            return FatalError(self.about(f"{self._given_up} requests in a row were {message}"))
        return Unanswered(message)

    def _remedy(self, fault: Fault) -> str:
        """What to write where an endpoint refuses a setting."""
        name = fault.setting
        if not name:
            return ""
        kind = type(self.settings)
        where = kind.__module__.removeprefix("plugins.")
        where = where if kind.__module__.startswith("plugins.") else "the settings of this model"
        if name in self.settings.extra:
            return f"; take {name} out of `extra` ({where}.extra)"
        if name in ("top_k", "repetition_penalty"):
            return f"; write `own_fields: false` below {where}"
        return f"; write `{name}: null` below {where} ({where}.{name})"

    def about(self, message: str) -> str:
        """A message that says who was asked."""
        settings = self.settings
        return (
            f"{settings.model} at {settings.base_url} (key from {settings.api_key_env}): {message}"
        )
