"""Budgets: a call whose worst case may pass one is not sent, and an unknown price is an error.

The stage's budget holds what all replies behind its rows cost, whether paid now or earlier, so
that a stage that is killed and run again cannot pass it. The run's budget holds what one
`dvc repro` pays newly, over all its stages.
"""

import asyncio

from meteor.chat.asking import FatalError, Request
from meteor.chat.replies import Reply
from meteor.core.errors import SettingsError
from meteor.core.settings import Api
from meteor.running.processes import run_name
from meteor.transport.ledger import Ledger

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
        self.run = run_name()
        self.paid = ledger.spent(self.run) if self.limits.run is not None else 0.0
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
        """Whether so much more is within the budgets, beside what is under way."""
        stage = _stages.get(self.stage, 0.0) + self.reserved + worst
        run = self.paid + self.reserved + worst
        return all(
            limit is None or used <= limit * (1 + 1e-9)
            for used, limit in ((stage, self.limits.stage), (run, self.limits.run))
        )

    async def reserve(self, worst: float) -> None:
        """Reserve a call's worst case, waiting for calls under way to turn out cheaper.

        Raises FatalError where it does not fit.
        """
        if not self.active:
            return
        async with self._changed:
            while not self.fits(worst):
                if self.reserved <= 1e-12:
                    raise self.spent(worst)
                await self._changed.wait()
            self.reserved += worst

    async def settle(self, worst: float, key: str, paid: float) -> None:
        """A reserved call has ended and cost `paid`."""
        if not self.active:
            return
        async with self._changed:
            self.reserved = max(self.reserved - worst, 0.0)
            self._counted.add(key)
            self._use(paid)
            self.paid += paid
            self._changed.notify_all()

    def spent(self, worst: float) -> FatalError:
        """The error for a call that would pass a budget."""
        used = _stages.get(self.stage, 0.0)
        return FatalError(
            f"{self.stage}: the budget is spent: {used:.6g} of {_shown(self.limits.stage)} for the "
            f"stage (api.max_cost.stage), {self.paid:.6g} of {_shown(self.limits.run)} for the run "
            f"(api.max_cost.run), and the next call to {self.model} may cost up to {worst:.6g}. "
            "All finished replies are in the ledger: raise the budget and run again, and only "
            "the rest is paid"
        )

    def _use(self, amount: float) -> None:
        _stages[self.stage] = _stages.get(self.stage, 0.0) + amount


def _shown(limit: float | None) -> str:
    return "no limit" if limit is None else f"{limit:g}"
