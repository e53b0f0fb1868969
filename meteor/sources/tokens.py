"""How long a text is for the student, in tokens of the base model."""

from functools import cached_property
from typing import Any

from meteor.core.errors import SettingsError
from meteor.core.roles import Plugin


class TokenLimit:
    """Which texts have more than `most` tokens. The tokenizer comes from the plugin of the role
    base, with the first text that may be too long.

    Raises SettingsError where the plugin has no tokenizer to give.
    """

    def __init__(self, most: int, base: Plugin) -> None:
        self.most, self._base = most, base
        if not base.has("base_tokenizer"):
            raise SettingsError(
                f"params.yaml: cleaning.max_tokens: the base plugin {base.name!r} has no hook "
                "base_tokenizer; set cleaning.max_tokens: null"
            )

    def passed_by(self, text: str) -> bool:
        """Whether a text is too long. Each token stands for a byte at least, so that only texts
        of more bytes have to be counted.
        """
        if len(text.encode(errors="surrogatepass")) <= self.most:
            return False
        # Silent, since the tokenizer would warn of a text that is not for the model's window.
        encoded = self._tokenizer(text, add_special_tokens=False, verbose=False)
        return len(encoded["input_ids"]) > self.most

    @cached_property
    def _tokenizer(self) -> Any:
        return self._base.call("base_tokenizer")
