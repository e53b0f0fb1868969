"""How long the client waits before it sends a request again, and what it says about that."""

import logging
import random
import time
from collections.abc import Callable

from meteor.chat.asking import FatalError
from meteor.transport.faults import Fault
from meteor.transport.limits import Limits
from meteor.transport.waits import told

log = logging.getLogger("meteor")
FIRST_WAIT, LONGEST_WAIT = 0.5, 60.0
"""Seconds before the first repetition, doubled each time up to the longest, times 0.5 to 1."""
CROWDED = 3
"""Refusals (429) one after another after which a Retry-After holds for all requests."""
WORTH_A_WORD = 10.0
"""Seconds of waiting that are told."""


class Patience:
    """The waits of one session. `longest` is what an endpoint may ask for (seconds), `about` makes
    a message that says who was asked.
    """

    def __init__(self, longest: float, limits: Limits, about: Callable[[str], str]) -> None:
        self._longest, self._limits, self._about = longest, limits, about
        self.refused = 0
        self._told_until = -WORTH_A_WORD

    def wait_after(self, fault: Fault, failures: int) -> float:
        """Seconds before a request is sent again. Raises FatalError where the endpoint asks for
        more than the settings allow.
        """
        if fault.status == 429:
            self.refused += 1
        if fault.wait is None:
            backoff = min(FIRST_WAIT * 2.0 ** (failures - 1), LONGEST_WAIT)
            return backoff * random.uniform(0.5, 1.0)
        if fault.wait > self._longest:
            raise FatalError(
                self._about(
                    f"it asks to wait {told(fault.wait)}, longer than api.longest_wait "
                    f"({self._longest:g} s): {fault.message}. All finished replies are in the "
                    "ledger: run again then"
                )
            )
        if fault.everyone or self.refused >= CROWDED:
            self.pause(fault.wait)
        self._tell_wait(fault.wait)
        return fault.wait + random.uniform(0, min(fault.wait, 1.0) / 4)

    def pause(self, seconds: float) -> None:
        """Send nothing for so long."""
        self._limits.pause(seconds)
        self._tell_wait(seconds)

    def _tell_wait(self, seconds: float) -> None:
        """Say that the endpoint asks to wait, once for all requests that wait side by side."""
        until = time.monotonic() + seconds
        if seconds >= WORTH_A_WORD and until > self._told_until + WORTH_A_WORD:
            self._told_until = until
            log.info("%s", self._about(f"it asks to wait {told(seconds)}; waiting"))
