"""What an endpoint's error means: try again, this row fails, ask in another way, or stop."""

import email.utils
import re
import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal

RETRIED = frozenset({408, 409, 425, 429})
QUOTA = ("insufficient_quota", "billing_hard_limit", "billing_not_active", "credit balance")
TOO_LONG = (
    "context_length",
    "context length",
    "context window",
    "maximum context",
    "exceed_context_size",
    "prompt is too long",
    "too many tokens",
    "input is too long",
)
UNKNOWN_FIELD = (
    "unexpected field",
    "unrecognized request argument",
    "unknown parameter",
    "extra inputs are not permitted",
    "extra_forbidden",
)
FORMAT = ("response_format", "json_schema", "json_object", "guided", "grammar", "structured output")


@dataclass(frozen=True)
class Fault:
    """What to do about a failed request. `wait` is how long the server asks to wait (seconds),
    `everyone` whether that is meant for all requests, `paid` whether the call may be on the bill.
    """

    kind: Literal["retry", "row", "format", "limit_field", "fatal"]
    message: str
    wait: float | None = None
    everyone: bool = False
    paid: bool = False
    status: int | None = None
    too_long: bool = False

    def saying(self, message: str) -> "Fault":
        """The same fault in other words."""
        return replace(self, message=message)


def of_connection(error: Exception) -> Fault:
    """A request without a reply. Where no connection was made, nothing can have been paid."""
    cause: BaseException = error
    while cause.__cause__ is not None:
        cause = cause.__cause__
    names = {type(error).__name__, type(cause).__name__, type(error.__cause__).__name__}
    unsent = any(
        "Connect" in name and "ServerDisconnected" not in name
        for name in names
        - {
            "APIConnectionError",
            "ClientConnectionError",
            "ClientConnectionResetError",
            "ConnectionResetError",
            "ConnectionAbortedError",
            "WebSocketConnectionClosedError",
        }
    )
    reason = str(cause) or type(cause).__name__
    return Fault("retry", f"no reply: {reason}", paid=not unsent)


def of_status(status: int, headers: Mapping[str, str], body: Any) -> Fault:
    """A reply with an error's status, and its body: parsed JSON, or text."""
    message, code, param = _details(body)
    text = f"{code} {message}".lower()
    said = f"HTTP {status}" + (f": {message}" if message else "")
    if status == 402 or any(sign in text for sign in QUOTA):
        return Fault("fatal", f"the account's quota is used up ({said})", status=status)
    if status in (401, 403):
        return Fault("fatal", f"the endpoint refuses the API key ({said})", status=status)
    if status == 413 or any(sign in text for sign in TOO_LONG):
        said = f"the prompt is longer than the model's window ({said})"
        return Fault("row", said, status=status, too_long=True)
    if status in (404, 405):
        return Fault(
            "fatal", f"the endpoint does not know the model or the address ({said})", status=status
        )
    if status in RETRIED or status >= 500:
        wait, everyone = waiting(headers)
        return Fault("retry", said, wait, everyone, status=status)
    if param == "max_tokens" or "max_completion_tokens" in text:
        return Fault("limit_field", said, status=status)
    if any(sign in f"{text} {param}".lower() for sign in FORMAT):
        return Fault("format", said, status=status)
    if status in (400, 422) and (
        (param and not param.startswith("messages")) or any(sign in text for sign in UNKNOWN_FIELD)
    ):
        setting = f"the setting {param!r}" if param else "a setting"
        return Fault("fatal", f"the endpoint refuses {setting} ({said})", status=status)
    return Fault("row", f"the endpoint refuses the request ({said})", status=status)


def _details(body: Any) -> tuple[str, str, str]:
    """Message, code (with the type) and parameter of an error's body."""
    error = body.get("error", body) if isinstance(body, dict) else body
    if isinstance(error, dict):
        message = str(error.get("message") or error.get("detail") or "")
        code = f"{error.get('code') or ''} {error.get('type') or ''}".strip()
        return _short(message), code, str(error.get("param") or "")
    return _short(str(error or "")), "", ""


def _short(text: str) -> str:
    text = " ".join(re.sub(r"<[^<>]*>", " ", text).split())
    return text if len(text) <= 300 else text[:297] + "..."


def waiting(headers: Mapping[str, str]) -> tuple[float | None, bool]:
    """How long the headers of a refusal ask to wait, and whether that is for everyone."""
    spent = exhausted(headers)
    if spent:
        return spent, True
    for name, divisor in (("retry-after-ms", 1000.0), ("retry-after", 1.0)):
        value = headers.get(name)
        if not value:
            continue
        try:
            return max(float(value) / divisor, 0.0), False
        except ValueError:
            moment = email.utils.parsedate_tz(value)
            if moment is not None:
                return max(email.utils.mktime_tz(moment) - time.time(), 0.0), False
    return None, False


def exhausted(headers: Mapping[str, str], tokens: int = 1) -> float | None:
    """Seconds until the server's own windows have room for a request of so many tokens again;
    None where they have, or where it does not tell.
    """
    waits = []
    for name, needed in (("requests", 1), ("tokens", tokens)):
        remaining = headers.get(f"x-ratelimit-remaining-{name}")
        reset = _duration(headers.get(f"x-ratelimit-reset-{name}") or "")
        try:
            if remaining is not None and reset and float(remaining) < needed:
                waits.append(reset)
        except ValueError:
            continue
    return max(waits, default=None)


def _duration(text: str) -> float:
    """Seconds of `6m0s`, `1.5s`, `20ms` or `12`; 0 for anything else."""
    if re.fullmatch(r"\d+(\.\d+)?", text):
        return min(float(text), 3600.0)
    units = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0}
    parts = re.findall(r"(\d+(?:\.\d+)?)(ms|s|m|h)", text)
    return min(sum(float(number) * units[unit] for number, unit in parts), 3600.0)
