"""What is asked: requests with their ledger keys, and conversations about one row.

A conversation asks once, or again where a reply will not do. It sees the same replies in the
same order whether they come from the endpoint, from a batch or from the ledger.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal, Protocol

from meteor.chat.replies import Reply, key_of, said
from meteor.chat.settings import ChatSettings
from meteor.core.errors import MeteorError
from meteor.core.records import Completion, Failed, Prompt, Record
from meteor.core.shown import one_line

OVERHEAD = 16
"""Bytes added for each message in a worst case: more than any chat template's tokens."""
RUNGS = ("schema", "hybrid", "object", "instruction")
"""Ways of asking for JSON, the strictest first; hybrid is llama.cpp's json_object with a schema."""


class FatalError(MeteorError):
    """What no repetition heals: the stage stops at once. Finished replies are in the ledger."""


@dataclass(frozen=True)
class Schema:
    """A JSON schema with a name."""

    name: str
    schema: Mapping[str, Any]


@dataclass(frozen=True)
class Request:
    """One request. `sampling` holds the fields of the body besides model and messages, without
    the token limit, whose name differs between endpoints; `context` is what else shapes the
    answer without being sent (the checkpoint that a server serves, a sample's number).
    `may_be_empty`: an empty text is an answer, as a student's is.
    """

    model: str
    messages: tuple[tuple[str, str], ...]
    max_tokens: int
    sampling: Mapping[str, Any] = field(default_factory=dict)
    schema: Schema | None = None
    json_mode: str = "auto"
    context: Mapping[str, Any] = field(default_factory=dict)
    may_be_empty: bool = False

    def key(self, base_url: str) -> str:
        """The ledger's key. What an endpoint turns out not to know does not change it."""
        schema = {"name": self.schema.name, "schema": self.schema.schema} if self.schema else None
        return key_of(
            {
                "endpoint": base_url,
                "model": self.model,
                "messages": self.messages,
                "max_tokens": self.max_tokens,
                "sampling": self.sampling,
                "schema": schema,
                "json_mode": self.json_mode if schema else None,
                "context": self.context,
            }
        )

    @property
    def prompt_bytes(self) -> int:
        """The prompt's size; no tokenizer makes more tokens of it."""
        return sum(len(text.encode()) + OVERHEAD for _, text in self.messages)

    def body(self, rung: str, limit_field: str) -> dict[str, Any]:
        """The body to send, with the way of asking for JSON that the endpoint knows."""
        body: dict[str, Any] = {
            "model": self.model,
            "messages": [{"role": role, "content": text} for role, text in self.messages],
            limit_field: self.max_tokens,
            **self.sampling,
        }
        if self.schema and rung == "schema":
            wrapped = {"name": self.schema.name, "schema": self.schema.schema, "strict": True}
            body["response_format"] = {"type": "json_schema", "json_schema": wrapped}
        elif self.schema and rung == "hybrid":
            body["response_format"] = {"type": "json_object", "schema": self.schema.schema}
        elif self.schema and rung == "object":
            body["response_format"] = {"type": "json_object"}
        return body

    def continued(self, *messages: tuple[str, str]) -> "Request":
        """The same request with more turns of the chat."""
        return replace(self, messages=(*self.messages, *messages))


class Conversation(Protocol):
    """Everything that is asked about one row."""

    @property
    def id(self) -> str:
        """The row's id."""

    @property
    def request(self) -> Request:
        """The first request."""

    def take(self, reply: Reply) -> Record | Request:
        """Read the reply to the last request: the row's result or failure, or the next request."""


@dataclass(frozen=True)
class Writing:
    """A prompt that is answered in free text. `cut` says what an answer cut off by the token limit
    is: a failed row, an answer like any other, or an answer that is marked as cut.
    """

    id: str
    request: Request
    cut: Literal["fail", "accept", "mark"]

    def take(self, reply: Reply) -> Record:
        """The completion."""
        if failure := unfit(self.id, reply):
            return failure
        meant = said(reply)
        truncated = meant.end == "length"
        if truncated and (self.cut == "fail" or (self.cut == "accept" and not meant.text)):
            thinking = " while the model was still thinking" if not meant.text else ""
            limit = self.request.max_tokens
            return Failed(
                id=self.id,
                error=f"the answer is cut off by the token limit{thinking} (max_tokens {limit})",
            )
        return Completion(
            id=self.id,
            text=meant.text,
            finish_reason="length" if truncated and self.cut == "mark" else "stop",
            prompt_tokens=reply.prompt_tokens,
            completion_tokens=reply.completion_tokens,
            thought=meant.thought or None,
        )


def unfit(identifier: str, reply: Reply) -> Failed | None:
    """The failure where a reply ended in another way than by its own end or the token limit."""
    meant = said(reply)
    word = one_line(reply.finish_reason)[:60]
    reasons: dict[str, str] = {
        "filter": f"the endpoint's filter withheld the answer ({word})",
        "refusal": f"the model refuses: {one_line(meant.text)[:200]}",
        "tool": f"the endpoint gave a tool call instead of an answer ({word})",
        "broken": f"the endpoint broke off ({word})",
        "unknown": f"the endpoint ended the answer in a way that is not known: {word}",
    }
    if meant.end in reasons:
        return Failed(id=identifier, error=reasons[meant.end])
    return None


def sampling(settings: ChatSettings, seed: int | None, **more: Any) -> dict[str, Any]:
    """The sampling fields of a body; what is None is left to the endpoint."""
    chosen = seed if settings.seed == "run" else settings.seed
    fields = {
        "temperature": settings.temperature,
        "top_p": settings.top_p,
        "seed": chosen,
        **settings.extra,
        **more,
    }
    return {name: value for name, value in fields.items() if value is not None}


def messages(prompt: Prompt) -> tuple[tuple[str, str], ...]:
    """A prompt's turns as they are sent."""
    return tuple((turn.role, turn.content) for turn in prompt.messages)


def writings(
    prompts: Sequence[Prompt], settings: ChatSettings, seed: int, allow_truncated: bool
) -> "list[Writing]":
    """One conversation a prompt, for a model that writes answers."""
    fields = sampling(settings, seed)
    cut: Literal["fail", "accept"] = "accept" if allow_truncated else "fail"
    return [
        Writing(
            prompt.id,
            Request(settings.model, messages(prompt), settings.max_tokens, fields),
            cut,
        )
        for prompt in prompts
    ]
