"""Budgets: a call whose worst case may pass one is not sent, and an unknown price is an error.

The stage's budget holds what all replies behind its rows cost, whether paid now or earlier, so
that a stage that is killed and run again cannot pass it. The run's budget holds what one
`dvc repro` pays newly, over all its stages and processes: what they have paid and reserved stands
in the ledger. An endpoint that bills more than `max_tokens` (for hidden thoughts) can pass a
budget by that much for each request in flight, and not by more.
"""

import asyncio
from contextlib import suppress

from meteor.chat.asking import FatalError, Request
from meteor.chat.replies import Reply
from meteor.core.errors import SettingsError
from meteor.core.settings import Api
from meteor.running.processes import run_name
from meteor.transport.ledger import Ledger

OTHERS = 0.2
"""Seconds between two looks at what other processes of a run have under way."""
_stages: dict[str, float] = {}
"""What the stages of this process have used; a stage may ask several times."""


class Budget:
    """What one stage may still spend on one model."""

    def __init__(self, api: Api, model: str, stage: str, batch: bool, ledger: Ledger) -> None:
        self.price, self.batch, self.stage = api.prices.get(model), batch, stage
        self.limits, self.model = api.max_cost, model
        self.active = self.limits.stage is not None or self.limits.run is not None
        if self.active and self.price is None:
            raise SettingsError(
                f"params.yaml: api.prices: there is no price for {model!r}, and without one the "
                "budget in api.max_cost cannot be held (a price of 0 is a price)"
            )
        self.run, self.ledger = run_name(), ledger
        self.reserved = 0.0
        self._counted: set[str] = set()
        self._changed = asyncio.Condition()

    @property
    def rates(self) -> tuple[float, float] | None:
        """What a million tokens of prompt and of answer cost."""
        if self.price is None:
            return None
        factor = self.price.batch if self.batch else 1.0
        return self.price.input * factor, self.price.output * factor

    def cost(self, prompt: int, completion: int) -> float | None:
        """What so many tokens cost."""
        if self.rates is None:
            return None
        return (prompt * self.rates[0] + completion * self.rates[1]) / 1e6

    def worst(self, request: Request) -> float:
        """The most that a request can cost: no tokenizer makes two tokens of one byte."""
        return self.cost(request.prompt_bytes, request.max_tokens) or 0.0

    def reuse(self, key: str, reply: Reply) -> None:
        """Count a reply from the ledger, once."""
        if self.active and key not in self._counted:
            self._counted.add(key)
            earlier = reply.cost
            if earlier is None:
                earlier = self.cost(reply.prompt_tokens, reply.completion_tokens)
            self._use(earlier or 0.0)

    def fits(self, worst: float) -> bool:
        """Whether so much more is within the stage's budget, beside what is under way."""
        limit = self.limits.stage
        used = _stages.get(self.stage, 0.0) + self.reserved + worst
        return limit is None or used <= limit * (1 + 1e-9)

    async def reserve(self, worst: float, key: str, owner: str) -> None:
        """Reserve a call's worst case, waiting for calls under way to turn out cheaper.

        Raises FatalError where it does not fit.
        """
        if not self.active:
            return
        async with self._changed:
            while not (self.fits(worst) and self.reserve_of_run(worst, key, owner)):
                await self._less_under_way(worst)
            self.reserved += worst

    def reserve_of_run(self, worst: float, key: str, owner: str) -> bool:
        """Reserve a call's worst case of the run's budget, if it fits."""
        limit = self.limits.run
        return limit is None or self.ledger.reserve(key, owner, self.run, worst, limit)

    async def _less_under_way(self, worst: float) -> None:
        """Wait until a call under way may have ended, here or in another process of the run.
        Raises FatalError where there is none to wait for.
        """
        if self.reserved > 1e-12:
            with suppress(TimeoutError):
                await asyncio.wait_for(self._changed.wait(), OTHERS)
        elif self.fits(worst) and self.ledger.reserved(self.run) > 1e-12:
            await asyncio.sleep(OTHERS)
        else:
            raise self.spent(worst)

    async def settle(self, worst: float, key: str, paid: float, sent: bool) -> None:
        """A reserved call has ended and cost `paid`. What was sent is settled in the ledger by
        who sent it.
        """
        if not self.active:
            return
        if not sent and self.limits.run is not None:
            self.ledger.unreserve(key)
        async with self._changed:
            self.reserved = max(self.reserved - worst, 0.0)
            self._counted.add(key)
            self._use(paid)
            self._changed.notify_all()

    def spent(self, worst: float) -> FatalError:
        """The error for a call that would pass a budget."""
        used = _stages.get(self.stage, 0.0)
        return FatalError(
            f"{self.stage}: the budget is spent: {used:.6g} of {_shown(self.limits.stage)} for the "
            f"stage (api.max_cost.stage), {self._paid():.6g} of {_shown(self.limits.run)} for the "
            f"run (api.max_cost.run), and the next call to {self.model} may cost {worst:.6g}. "
            "All finished replies are in the ledger: raise the budget and run again, and only "
            "the rest is paid"
        )

    def _paid(self) -> float:
        return self.ledger.spent(self.run) + self.ledger.reserved(self.run)

    def _use(self, amount: float) -> None:
        _stages[self.stage] = _stages.get(self.stage, 0.0) + amount


def _shown(limit: float | None) -> str:
    return "no limit" if limit is None else f"{limit:g}"
