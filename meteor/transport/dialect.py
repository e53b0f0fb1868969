"""What an endpoint turns out to know: how it is asked for JSON, and what it calls the token limit.

Learned from refusals and remembered for the process; it does not change a request's ledger key.
"""

from dataclasses import dataclass
from typing import Any

from meteor.chat.asking import RUNGS, Request
from meteor.transport.faults import Fault

LIMIT_FIELDS = ("max_tokens", "max_completion_tokens")


@dataclass(frozen=True)
class Form:
    """The form in which a request was sent."""

    rung: int
    limit_field: int


class Dialect:
    """One endpoint's dialect."""

    def __init__(self) -> None:
        self._form = Form(0, 0)
        self._holds = False

    @property
    def form(self) -> Form:
        """The form in which requests are sent now."""
        return self._form

    def body(self, request: Request) -> dict[str, Any]:
        """The body of a request in this form."""
        mode = request.json_mode
        rung = RUNGS[self._form.rung] if mode == "auto" else mode
        return request.body(rung, LIMIT_FIELDS[self._form.limit_field])

    def understood(self, request: Request) -> None:
        """A request in the present form was answered."""
        self._holds = self._holds or request.schema is not None

    def learn(self, request: Request, sent: Form, fault: Fault, failures: int) -> bool:
        """Whether the request should be sent at once in another form. `failures` counts those of
        this request in the form `sent`.
        """
        if fault.kind == "limit_field":
            if sent.limit_field == self._form.limit_field and sent.limit_field == 0:
                self._form = Form(self._form.rung, 1)
            return self._form.limit_field != sent.limit_field
        if not request.schema or request.json_mode != "auto":
            return False
        if self._form.rung > sent.rung and fault.kind in ("format", "row"):
            return True
        last = self._form.rung == len(RUNGS) - 1
        if last or not (fault.kind == "format" or self._may_be_the_form(fault, failures)):
            return False
        self._form = Form(self._form.rung + 1, self._form.limit_field)
        return True

    def _may_be_the_form(self, fault: Fault, failures: int) -> bool:
        """Whether a refusal without a clear reason may come from the way of asking for JSON, which
        was never answered yet. llama.cpp's server in Python falls over a JSON schema.
        """
        if self._holds or fault.status is None:
            return False
        if fault.kind == "row":
            return fault.status in (400, 422) and not fault.too_long
        return fault.status == 501 or (fault.status >= 500 and failures >= 2)
