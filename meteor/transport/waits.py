"""How long an endpoint asks to wait: in headers, in dates, and in the bodies of errors."""

import email.utils
import math
import re
import time
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

LONGEST_RESET = 3600.0
"""Seconds that the reset of a rate limit is taken for at most; a refusal may ask for more."""


def waiting(headers: Mapping[str, str]) -> tuple[float | None, bool]:
    """How long the headers of a refusal ask to wait (seconds), and whether that is for everyone.
    What is no time to wait (a word, infinity, less than zero, the past) is None.
    """
    spent = exhausted(headers)
    if spent:
        return spent, True
    for name, divisor in (("retry-after-ms", 1000.0), ("retry-after", 1.0)):
        value = headers.get(name)
        if not value:
            continue
        try:
            seconds = float(value) / divisor
        except ValueError:
            seconds = _until(value, headers.get("date"))
        return (seconds if math.isfinite(seconds) and seconds > 0 else None), False
    return None, False


def _until(moment: str, now: str | None) -> float:
    """Seconds until a date, by the server's own clock where it tells that; NaN for no date."""
    then = _seconds(moment)
    here = _seconds(now) if now else math.nan
    return then - (here if math.isfinite(here) else time.time())


def _seconds(date: str) -> float:
    try:
        parsed = email.utils.parsedate_tz(date)
        return float(email.utils.mktime_tz(parsed)) if parsed else math.nan
    except (ValueError, OverflowError, TypeError, IndexError):
        return math.nan


def exhausted(headers: Mapping[str, str], tokens: int = 1) -> float | None:
    """Seconds until the server's own windows have room for a request of so many tokens again;
    None where they have, or where it does not tell.
    """
    waits = []
    for name, needed in (("requests", 1), ("tokens", tokens)):
        remaining = headers.get(f"x-ratelimit-remaining-{name}")
        reset = min(duration(headers.get(f"x-ratelimit-reset-{name}") or ""), LONGEST_RESET)
        try:
            if remaining is not None and reset and float(remaining) < needed:
                waits.append(reset)
        except ValueError:
            continue
    return max(waits, default=None)


def delay_in(error: Mapping[str, Any]) -> float | None:
    """The delay that an error of Google's asks for in its details (`retryDelay: 2s`)."""
    details = error.get("details")
    for detail in details if isinstance(details, list) else []:
        if isinstance(detail, dict) and isinstance(detail.get("retryDelay"), str):
            return duration(detail["retryDelay"]) or None
    return None


def duration(text: str) -> float:
    """Seconds of `6m0s`, `1.5s`, `20ms` or `12`; 0 for anything else."""
    if re.fullmatch(r"\d{1,15}(\.\d+)?", text):
        return float(text)
    units = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}
    parts = re.findall(r"(\d{1,15}(?:\.\d+)?)(ms|s|m|h|d)", text)
    return sum(float(number) * units[unit] for number, unit in parts)


def told(seconds: float) -> str:
    """So long, and until when, for a person."""
    moment = datetime.now().astimezone() + timedelta(seconds=min(seconds, 10 * 365 * 86400.0))
    return f"{seconds:.0f} s (until {moment:%Y-%m-%d %H:%M:%S %Z})"
