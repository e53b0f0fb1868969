"""Texts that say the same: what normalisation takes away from words before they are compared."""

import re
import unicodedata

from meteor.core.settings import Field
from meteor.verification.extraction import Extraction


class Wording(Extraction):
    """What makes no difference between two texts, besides white space and Unicode's forms."""

    ignore_case: bool = Field(True, description="capitals make no difference")
    ignore_punctuation: bool = Field(True, description="nor does punctuation, nor do quotes")


def normalised(text: str, settings: Wording) -> str:
    """One text for all that say the same."""
    text = unicodedata.normalize("NFKC", text)
    if settings.ignore_case:
        text = text.casefold()
    if settings.ignore_punctuation:
        text = "".join(" " if unicodedata.category(c).startswith("P") else c for c in text)
    return " ".join(text.split())


def occurs(label: str, text: str) -> bool:
    """Whether a normalised label stands in a normalised text as words of its own."""
    return re.search(rf"(?<!\w){re.escape(label)}(?!\w)", text) is not None
