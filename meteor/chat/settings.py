"""What a user sets about a model behind an endpoint: what shapes its answers, and the way in.

How fast, how long and for how much money it is asked stands in the section `api` of params.yaml
(`meteor.core.settings.Api`), which no stage tracks.
"""

import os
import re
from typing import Any, Literal
from urllib.parse import urlsplit

from pydantic import field_validator

from meteor.core.errors import SettingsError
from meteor.core.settings import Field, Settings

OPENAI = "https://api.openai.com/v1"


class Endpoint(Settings):
    """A model behind an OpenAI-compatible endpoint, and how it writes."""

    keeps_replies = True

    base_url: str = Field(OPENAI, description="of the endpoint, with /v1 where it has that")
    api_key_env: str = Field("OPENAI_API_KEY", description="environment variable with the key")
    temperature: float | None = Field(None, ge=0, description="null: the endpoint's own")
    top_p: float | None = Field(None, gt=0, le=1, description="null: the endpoint's own")
    max_tokens: int = Field(1024, gt=0, description="longest answer, in tokens")
    seed: Literal["run"] | int | None = Field(
        "run", description="sent with each request; run: the pipeline's; null: none is sent"
    )
    extra: dict[str, Any] = Field({}, description="further fields of the request's body")
    tokenizer: str | None = Field(
        None, description="folder or hub id of a tokenizer that `meteor estimate` counts with"
    )
    typical_tokens: int | None = Field(
        None, gt=0, description="of an answer, for `meteor estimate` before there are any"
    )

    @field_validator("base_url")
    @classmethod
    def _address_without_secrets(cls, value: str) -> str:
        parts = urlsplit(value)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise ValueError("an address such as http://127.0.0.1:8000/v1 is due")
        if parts.username or parts.password or parts.query:
            raise ValueError("a key does not belong into the address: see api_key_env")
        return value.rstrip("/")

    @field_validator("api_key_env")
    @classmethod
    def _name_of_a_variable(cls, value: str) -> str:
        if not re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", value):
            raise ValueError("the name of an environment variable is due, not the key itself")
        return value

    @property
    def api_key(self) -> str:
        """The key from the environment; a placeholder for servers that need none."""
        return os.environ.get(self.api_key_env, "").strip() or "none"

    def require_key(self) -> None:
        """Raise SettingsError where OpenAI itself would be asked without a key, or the key has a
        character that no request can carry.
        """
        if not re.fullmatch(r"[!-~]+", self.api_key):
            raise SettingsError(
                f"the environment variable {self.api_key_env} holds a space, a line break or a "
                "character that no key has (a typographic quote?): set it anew"
            )
        if self.api_key == "none" and self.base_url == OPENAI:
            raise SettingsError(
                f"the environment variable {self.api_key_env} is not set: {self.base_url} needs "
                "an API key"
            )


class ChatSettings(Endpoint):
    """One model, asked online or in batches."""

    model: str = Field(description="the model's name at the endpoint")
    mode: Literal["online", "batch"] = Field(
        "online", description="batch: the Batch API, half the price, answers within a day"
    )


class WritingSettings(ChatSettings):
    """A model that writes answers."""

    allow_truncated: bool = Field(
        False, description="take an answer that the token limit cut off as if it were whole"
    )


class StructuredSettings(ChatSettings):
    """A model whose verdicts are read by a program."""

    temperature: float | None = Field(0.0, ge=0, description="null: the endpoint's own")
    json_mode: Literal["auto", "schema", "object", "instruction"] = Field(
        "auto", description="how JSON is asked for; auto: the strictest that the endpoint knows"
    )
    max_repairs: int = Field(
        2, ge=0, description="times that a reply is sent back with what is wrong with it"
    )
    show_reference: bool = Field(
        True, description="show the question's accepted answer, where there is one"
    )
