"""A student behind an OpenAI-compatible endpoint: a server that has the checkpoints loaded.

The endpoint does not tell how likely it finds a given text, so `student_score` is left out.
"""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Literal

from meteor.chat.asking import Request, Writing, messages, sampling
from meteor.chat.settings import ChatSettings
from meteor.core.errors import SettingsError
from meteor.core.fingerprint import fingerprint
from meteor.core.hookspecs import hookimpl
from meteor.core.records import Completion, Failed, Prompt
from meteor.core.settings import Decoding, Field, Settings
from meteor.transport.session import converse


class ChatApi(ChatSettings):
    """A served student. How it writes is set by the stages (`decoding`), not here."""

    model: str | dict[str, str] = Field(  # type: ignore[assignment]
        description="the model's name at the endpoint, or names by checkpoint: {sft: my-sft, ...}"
    )
    own_fields: bool = Field(
        True, description="send top_k and repetition_penalty, which OpenAI itself does not know"
    )
    temperature: None = Field(None, description="set by the stage's decoding")
    top_p: None = Field(None, description="set by the stage's decoding")
    mode: Literal["online"] = Field("online", description="a student is asked online")

    def refusal(self, decoding: Decoding) -> str:
        """An endpoint writes one text, greedily or by sampling."""
        if decoding.strategy not in ("greedy", "sample"):
            return (
                f"an endpoint knows no strategy {decoding.strategy!r}; choose greedy or sample, or "
                "the student plugin transformers"
            )
        if decoding.no_repeat_ngram:
            return (
                "an endpoint knows no ban on repeated runs (no_repeat_ngram); choose another "
                "decoding, or the student plugin transformers"
            )
        return ""


@hookimpl
def plugin_params() -> type[Settings]:
    return ChatApi


@hookimpl
def student_generate(
    prompts: Sequence[Prompt], checkpoint: Path, decoding: Decoding, params: ChatApi, seed: int
) -> Iterator[Completion | Failed]:
    if why := params.refusal(decoding):
        raise SettingsError(f"student plugin 'chat_api': {why}")
    name = _model(checkpoint, params)
    served = params.model_copy(update={"model": name})
    fields = sampling(served, seed, **_decoding(decoding, params.own_fields))
    context = {"checkpoint": fingerprint(checkpoint)}
    yield from converse(
        served,
        (
            Writing(
                prompt.id,
                Request(
                    model=name,
                    messages=messages(prompt),
                    max_tokens=decoding.max_new_tokens,
                    sampling=fields,
                    context=context,
                    may_be_empty=True,
                ),
                cut="mark",
            )
            for prompt in prompts
        ),
    )


def _model(checkpoint: Path, params: ChatApi) -> str:
    """The name under which the endpoint serves a checkpoint."""
    names: Any = params.model
    if isinstance(names, str):
        return names
    if checkpoint.name not in names:
        raise SettingsError(
            f"params.yaml: student.chat_api.model: no name for the checkpoint {checkpoint.name!r} "
            f"(there are: {', '.join(names) or 'none'})"
        )
    return str(names[checkpoint.name])


def _decoding(decoding: Decoding, own_fields: bool) -> dict[str, Any]:
    """The fields of a body for a way of decoding."""
    penalty = decoding.repetition_penalty
    own = {"repetition_penalty": penalty} if own_fields and penalty != 1 else {}
    if decoding.strategy == "greedy":
        return {"temperature": 0.0, **own}
    if own_fields and decoding.top_k:
        own["top_k"] = decoding.top_k
    return {"temperature": decoding.temperature, "top_p": decoding.top_p, **own}
