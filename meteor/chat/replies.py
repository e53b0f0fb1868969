"""What a reply means, in every dialect: its answer and thought, how it ended, and its tokens.

Endpoints that call themselves compatible differ in all of these. What is kept in the ledger is
what the endpoint wrote; what that means is read anew each time, so that a better reading helps
replies that were paid long ago.
"""

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

from meteor.core.thoughts import part

End = Literal["stop", "length", "filter", "refusal", "tool", "broken", "unknown"]
ENDS: dict[End, tuple[str, ...]] = {
    "stop": (
        *("stop", "stop_sequence", "end_turn"),  # OpenAI; Anthropic
        *("eos", "eos_token", "stop_token"),  # Together; text-generation-inference
        *("end", "complete", "completed", "finished", "done"),  # gateways; Cohere; Ollama
        *("stop_string", "stop_criteria", "stop_words"),  # MLX, LMDeploy, Qwen's own server
    ),
    "length": (
        *("length", "max_tokens", "max_length"),  # OpenAI; Anthropic, Gemini, Cohere
        *("model_length", "max_output_tokens", "max_new_tokens"),  # Mistral; Responses; TGI
        *("model_context_window_exceeded", "context_length", "token_limit", "error_limit"),
        *("max_tokens_reached", "length_capped", "limit"),
    ),
    "filter": (
        *("content_filter", "content_filtered", "guardrail_intervened"),  # OpenAI; Bedrock
        *("safety", "recitation", "blocklist", "prohibited_content", "spii", "language"),  # Gemini
        *("image_safety", "model_armor", "sensitive", "error_toxic"),  # Vertex; Zhipu; Cohere
    ),
    "refusal": ("refusal",),  # Anthropic; and a message with `refusal`, of OpenAI
    "tool": (
        *("tool_calls", "function_call", "tool_call", "tool_use"),
        *("malformed_function_call", "unexpected_tool_call"),
    ),
    "broken": (
        *("error", "network_error", "timeout", "failed"),  # OpenRouter; Zhipu
        *("abort", "aborted", "cancelled", "canceled"),  # vLLM, SGLang, LMDeploy
        *("insufficient_system_resource", "overloaded", "error_internal"),  # DeepSeek; Cohere
    ),
}
"""The words for the end of an answer, in lower case, by what they mean; behind them, who uses them.
The tokens by which a turn ends (`</s>`, `<|eot_id|>`), which some servers name, mean stop.
"""
NO_WORD = ("", "null", "none", "unspecified", "finish_reason_unspecified")
"""What says nothing of an end: KoboldCpp writes null as a text, Gemini's word is for no word."""
_END_OF: dict[str, End] = {word: end for end, words in ENDS.items() for word in words}
MOST_TOKENS = 10_000_000
"""Counts above it are not believed: no model has such a window."""
LONGEST_USAGE = 10_000
"""Characters of an endpoint's own account that are kept."""
_THOUGHTS = ("thinking", "reasoning", "thought", "redacted")


@dataclass(frozen=True)
class Reply:
    """What a model answered, as the endpoint wrote it: `thought` where that came beside the text;
    `cost` in the currency of the prices, None where no price is known; `seconds` from sending to
    the end of the reply, 0 for a batch; `usage` as the endpoint gave it.
    """

    text: str
    finish_reason: str
    prompt_tokens: int
    completion_tokens: int
    prompt_bytes: int = 0
    seconds: float = 0.0
    cost: float | None = None
    usage: str = "{}"
    thought: str = ""


class Said(NamedTuple):
    """What a reply means: the answer without thoughts, these, and how the answer ended."""

    text: str
    thought: str
    end: End


class Content(NamedTuple):
    """What stands in a message: its text, the thought beside it, and the word for its end."""

    text: str
    thought: str
    finish_reason: str


class Tokens(NamedTuple):
    """What is billed, and the endpoint's own account of it as JSON."""

    prompt: int
    completion: int
    usage: str


def key_of(asked: Mapping[str, Any]) -> str:
    """The key of a request: a hash of everything that shapes its answer."""
    canonical = json.dumps(asked, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(canonical.encode("utf-8", "surrogatepass")).hexdigest()


def said(reply: Reply) -> Said:
    """What a reply means."""
    parted = part(reply.text)
    thoughts = [text for text in (reply.thought.strip(), parted.thought) if text]
    return Said(parted.answer.strip(), "\n\n".join(thoughts), end_of(reply.finish_reason))


def end_of(finish_reason: str) -> End:
    """What an endpoint's word for the end of an answer means."""
    word = finish_reason.strip().lower().replace("-", "_")
    word = re.sub(r"^(finish_?reason[._])", "", word)
    if word in NO_WORD or re.fullmatch(r"<[^<>]*>", word):
        return "stop"
    return _END_OF.get(word, "unknown")


def no_answer(reply: Reply, may_be_empty: bool = False) -> str | None:
    """Why a reply is no answer at all, so that it is asked again and not kept; None for one that
    is, be it good or bad.
    """
    meant = said(reply)
    if meant.end == "broken":
        return f"the endpoint broke off ({reply.finish_reason})"
    if meant.end == "stop" and not meant.text and not may_be_empty:
        return "the reply holds a thought and no answer" if meant.thought else "the reply is empty"
    return None


def content_in(body: Any) -> Content | None:
    """What a chat completion's body says; None where it holds no message."""
    choices = body.get("choices") if isinstance(body, dict) else None
    choice = choices[0] if isinstance(choices, list) and choices else None
    if not isinstance(choice, dict):
        return None
    message = choice.get("message")
    if not isinstance(message, dict):
        if not isinstance(choice.get("text"), str):
            return None
        message = {"content": choice["text"]}
    text, thought = _parts(message.get("content"))
    finish = str(choice.get("finish_reason") or "stop")
    if choice.get("error"):
        finish = "error"
    if not text.strip() and isinstance(message.get("refusal"), str) and message["refusal"].strip():
        text, finish = message["refusal"], "refusal"
    return Content(text, "\n\n".join(filter(None, [thought, _reasoning(message)])), finish)


def _reasoning(message: Mapping[str, Any]) -> str:
    """The thought beside a content; the same one may stand there under several names."""
    for name in ("reasoning_content", "reasoning", "reasoning_details", "thinking"):
        if found := "".join(_parts(message.get(name))):
            return found
    return ""


def _parts(content: Any) -> tuple[str, str]:
    """Text and thought of a content: a text, or parts of many kinds."""
    if isinstance(content, str):
        return content, ""
    texts, thoughts = "", ""
    for piece in content if isinstance(content, list) else [content]:
        if isinstance(piece, str):
            texts += piece
        elif isinstance(piece, dict):
            kind = str(piece.get("type") or "")
            names = ("text", "content", "value", "thinking", "reasoning", "summary")
            found = next((piece[name] for name in names if piece.get(name)), None)
            inner = "".join(_parts(found))
            if kind.startswith(_THOUGHTS) or piece.get("thought") is True:
                thoughts += inner
            else:
                texts += inner
    return texts, thoughts


def tokens_in(body: Mapping[str, Any], said_something: bool, most: tuple[int, int]) -> Tokens:
    """The tokens of a reply. Where the account does not tell, or tells what cannot be (nothing for
    a text, less than zero, more than any window has), the worst case `most` is taken: the bytes
    of the prompt, and the answer's limit. Where prompt and answer are less than the total, the
    rest was thought, and is billed as the answer is (Gemini, xAI).
    """
    usage = body.get("usage")
    account = usage if isinstance(usage, dict) else {}
    prompt, completion = (
        _count(account.get(name)) for name in ("prompt_tokens", "completion_tokens")
    )
    total = _count(account.get("total_tokens"))
    prompt = prompt or most[0]
    if completion is None or (not completion and said_something):
        completion = most[1]
    elif total and total > prompt + completion:
        completion = total - prompt
    return Tokens(prompt, completion, _kept(usage))


def _count(value: Any) -> int | None:
    """A believable count of tokens."""
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return None
    return int(value) if 0 <= value <= MOST_TOKENS else None


def _kept(usage: Any) -> str:
    """The endpoint's account as sound JSON."""
    try:
        text = json.dumps(usage, sort_keys=True, allow_nan=False)
    except (ValueError, TypeError, RecursionError):
        text = json.dumps(str(usage)[:LONGEST_USAGE])
    return text if len(text) <= LONGEST_USAGE else "null"
