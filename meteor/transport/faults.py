"""What an endpoint's error means: try again, this row fails, ask in another way, or stop."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal, NamedTuple

from meteor.core.shown import one_line
from meteor.transport.waits import delay_in, waiting

RETRIED = frozenset({408, 409, 425, 429})
QUOTA = (
    *("insufficient_quota", "billing_hard_limit", "billing_not_active", "credit balance"),
    *("budget has been exceeded", "budget_exceeded", "exceededbudget"),  # LiteLLM's own budgets
    *("exceeded_current_quota", "arrearage", "insufficient balance"),  # Moonshot; Alibaba; DeepSeek
)
MODEL = (
    *("model not exist", "model does not exist", "model_not_found", "not a valid model"),
    *("invalid model name", "invalid_model", "invalid model:", "unknown model"),
)
"""A model that is not there, where that is said with another status than 404: DeepSeek, OpenRouter,
LiteLLM, Mistral.
"""
KEY = (
    *("api key not valid", "api_key_invalid", "invalid api key", "invalid_api_key"),
    *("incorrect api key", "authentication_error", "no auth credentials", "invalid token"),
)
"""A wrong key, whatever the status: Gemini answers with 400."""
FILTER = (
    *("content_filter", "responsibleaipolicy", "content management policy"),  # Azure
    *("flagged", "moderation", "content_policy", "content policy", "usage policies"),
    *("safety system", "safety filter", "prohibited content", "prohibited_content"),
    *("data_inspection_failed", "inappropriate content", "guardrail"),  # Alibaba; Bedrock
)
"""A question that an endpoint will not have answered; the next one it may."""
TOO_LONG = (
    *("context_length", "context length", "context window", "maximum context"),
    *("exceed_context_size", "prompt is too long", "too many tokens", "input is too long"),
    *("input token count", "longer than the model", "max_model_len"),
    *("exceed context limit", "maximum prompt length"),  # Anthropic; xAI
    *("`inputs` tokens", "`inputs` must have less"),  # text-generation-inference, Together
)
UNKNOWN_FIELD = (
    *("unexpected field", "unrecognized request argument", "unknown parameter", "unknown name"),
    *("extra inputs are not permitted", "extra_forbidden", "unsupported parameter"),
    *("unsupported value", "unsupported_value", "unsupported_parameter", "cannot find field"),
    *("is not supported with this model", "property is unsupported"),
)
NAMED = re.compile(
    r"'loc': \('body', '(\w+)'|argument supplied: (\w+)|[\"'`]([a-z_][\w.]*)[\"'`]", re.IGNORECASE
)
"""A field's name in the sentence that refuses it: vLLM, OpenAI, and others in quotes."""
FORMAT = ("response_format", "json_schema", "json_object", "guided", "grammar", "structured output")
NO_SETTING = ("messages", "prompt", "input", "contents", "body", "model")
"""Fields that hold the question, or that are no setting."""


@dataclass(frozen=True)
class Fault:
    """What to do about a failed request. `wait` is how long the server asks to wait (seconds),
    `everyone` whether that is meant for all requests, `paid` whether the call may be on the bill
    and `cost` what it cost where that is known, `late` that no reply came in time, `setting` the
    field that is refused, `empty` that a reply came and held no answer.
    """

    kind: Literal["retry", "row", "format", "limit_field", "fatal"]
    message: str
    wait: float | None = None
    everyone: bool = False
    paid: bool = False
    status: int | None = None
    too_long: bool = False
    cost: float | None = None
    late: bool = False
    setting: str | None = None
    empty: bool = False

    def saying(self, message: str) -> "Fault":
        """The same fault in other words."""
        return replace(self, message=message)


class Details(NamedTuple):
    """What an error's body says; `delay` is how long it asks to wait (seconds)."""

    message: str
    code: str
    param: str
    delay: float | None


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
    details = details_of(body)
    text = f"{details.code} {details.message}".lower()
    said = f"HTTP {status}" + (f": {details.message}" if details.message else "")
    passes = details.delay is not None or "per minute" in text or "for a minute" in text
    if status in (400, 403, 422, 451) and any(sign in text for sign in FILTER):
        return Fault("row", f"the endpoint's filter refuses the question ({said})", status=status)
    if status == 402 or (any(sign in text for sign in QUOTA) and not passes):
        return Fault("fatal", f"the account's quota is used up ({said})", status=status)
    if status == 403 and _page(body):
        return Fault("row", f"something before the endpoint blocks it ({said})", status=status)
    if status in (401, 403) or (status == 400 and any(sign in text for sign in KEY)):
        return Fault("fatal", f"the endpoint refuses the API key ({said})", status=status)
    if status in (404, 405) or (status in (400, 422) and any(sign in text for sign in MODEL)):
        return Fault(
            "fatal", f"the endpoint does not know the model or the address ({said})", status=status
        )
    if status in RETRIED or status >= 500:
        wait, everyone = waiting(headers)
        return Fault("retry", said, wait or details.delay, everyone, status=status)
    if status == 413 or any(sign in text for sign in TOO_LONG):
        said = f"the prompt is longer than the model's window ({said})"
        return Fault("row", said, status=status, too_long=True)
    return _of_form(status, details, text, said)


def _of_form(status: int, details: Details, text: str, said: str) -> Fault:
    """A refusal for what the request looks like."""
    param = details.param
    if param == "max_tokens" or "max_completion_tokens" in text:
        return Fault("limit_field", said, status=status)
    if any(sign in f"{text} {param}".lower() for sign in FORMAT):
        return Fault("format", said, status=status)
    unknown = any(sign in text for sign in UNKNOWN_FIELD)
    if status in (400, 422) and unknown and not param:
        named = NAMED.search(details.message)
        param = next(filter(None, named.groups()), "") if named else ""
    if status in (400, 422) and (unknown or param) and not param.startswith(NO_SETTING):
        setting = f"the setting {param!r}" if param else "a setting"
        said = f"the endpoint refuses {setting} ({said})"
        return Fault("fatal", said, status=status, setting=param or None)
    return Fault("row", f"the endpoint refuses the request ({said})", status=status)


def details_of(body: Any) -> Details:
    """What an error's body says, in any of the forms that endpoints give it."""
    error = _error_in(body)
    if not isinstance(error, dict):
        return Details(_short(str(error or "")), "", "", None)
    message = error.get("message") or error.get("msg") or error.get("detail") or ""
    meta = error.get("metadata")
    if isinstance(meta, dict) and isinstance(meta.get("raw"), str):
        message = f"{message}: {meta['raw']}"
    names = ("code", "type", "status")
    code = " ".join(str(error[name]) for name in names if error.get(name))
    inner = error.get("innererror")
    code += f" {inner.get('code')}" if isinstance(inner, dict) else ""
    place = error.get("loc")
    param = str(error.get("param") or (place[-1] if isinstance(place, list) and place else ""))
    return Details(_short(str(message)), _short(code), _short(param), delay_in(error))


def _error_in(body: Any) -> Any:
    """The innermost thing that speaks of the error: Gemini sends a list, FastAPI a detail."""
    for _ in range(5):
        if isinstance(body, list) and body:
            body = body[0]
        elif isinstance(body, dict) and (found := _inner(body)):
            body = found
        else:
            break
    return body


def _inner(body: dict[str, Any]) -> Any:
    for name in ("error", "errors", "detail"):
        if isinstance(body.get(name), (dict, list)) or (name == "error" and body.get(name)):
            return body[name]
    return None


def _page(body: Any) -> bool:
    """Whether a body is a page for people."""
    return isinstance(body, str) and body.lstrip().lower().startswith(("<!doctype", "<html"))


def _short(text: str) -> str:
    text = one_line(re.sub(r"<[^<>]*>", " ", text))
    return text if len(text) <= 300 else text[:297] + "..."
