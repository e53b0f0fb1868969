"""What a base model is given that its makers left out: settings of its tokenizer and template."""

import datetime
import json
from typing import Any, Literal

from meteor.core.errors import SettingsError
from meteor.core.settings import Field, Settings

DIRECTIVES = ("%d", "%m", "%Y", "%y", "%B", "%b", "%A", "%a", "%j", "%H", "%M", "%S", "%p", "%I")


class BaseSettings(Settings):
    """What every local base model can be told."""

    dtype: Literal["bfloat16", "float16", "float32"] = Field(
        "bfloat16", description="of the checkpoint that is written"
    )
    eos_token: str | None = Field(
        None, description="the token that ends a turn; null: as the template ends one"
    )
    chat_template: str | None = Field(
        None, description="the Jinja template itself; null: the model's own"
    )
    template_arguments: dict[str, str | bool | int | float] = Field(
        {}, description="variables of the template: {date_string: 1 May 2026}"
    )
    date: datetime.date = Field(
        datetime.date(2024, 7, 26), description="for templates that ask for today's"
    )


def adapt(tokenizer: Any, params: BaseSettings, key: str) -> Any:
    """The tokenizer with the settings in it; `key` is where they stand in params.yaml. Variables
    and date go into the template, so that whoever applies it writes the same chat, on any day.
    """
    if params.chat_template is not None:
        if "{" not in params.chat_template:
            raise SettingsError(
                f"params.yaml: {key}.chat_template: is the template itself (YAML's `|` takes many "
                f"lines), got {params.chat_template!r}"
            )
        tokenizer.chat_template = params.chat_template
    if params.eos_token is not None:
        if params.eos_token not in tokenizer.get_vocab():
            raise SettingsError(
                f"params.yaml: {key}.eos_token: the tokenizer has no token {params.eos_token!r}"
            )
        tokenizer.eos_token = params.eos_token
    if isinstance(tokenizer.chat_template, str):
        tokenizer.chat_template = _told(tokenizer.chat_template, params)
    return tokenizer


def _told(template: str, params: BaseSettings) -> str:
    said = "".join(
        f"{{%- set {name} = {json.dumps(value)} -%}}\n"
        for name, value in params.template_arguments.items()
    )
    if "strftime_now" in template and "macro strftime_now" not in template:
        said += _date(params.date)
    return said + template


def _date(date: datetime.date) -> str:
    """A macro in place of the clock that templates are given."""
    day = datetime.datetime.combine(date, datetime.time())
    replaced = "".join(f" | replace('{d}', '{day.strftime(d)}')" for d in DIRECTIVES)
    return f"{{%- macro strftime_now(format) -%}}{{{{ format{replaced} }}}}{{%- endmacro -%}}\n"
