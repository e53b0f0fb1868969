"""Texts that say the same: what normalisation takes away from words before they are compared."""

import re
import unicodedata

from meteor.core.settings import Field
from meteor.verification.extraction import Extraction

SAME = str.maketrans(
    {"\u2212": "-", "\u2013": "-", "\u00b4": "'"}
    | dict.fromkeys("\u00ad\u200b\u200e\u200f\u2060\ufeff", "")
)
"""Another minus, a dash between numbers, another quote; and what is not seen at all."""

HEADING = re.compile(r"^\s{0,3}#{1,6}\s+", re.MULTILINE)
MEANT = re.compile(
    r"(?<![^\W_])-(?=\.?\d)|(?<=\d)[.,:/-](?=\d)|(?<![^\W_])\.(?=\d)|[%\u2030]|(?<=[^\W_])#"
)
"""Punctuation that is part of what is said: of -5, 3.5, 12:30, .5, 10 % and C#."""


class Wording(Extraction):
    """What makes no difference between two texts, besides white space and Unicode's forms."""

    ignore_case: bool = Field(True, description="capitals make no difference")
    ignore_punctuation: bool = Field(
        True, description="nor does punctuation, nor do quotes; not that of a number, as -3.5 %"
    )


def normalised(text: str, settings: Wording) -> str:
    """One text for all that say the same."""
    text = unicodedata.normalize("NFKC", text.translate(SAME))
    if settings.ignore_case:
        text = text.casefold()
    bare = _without_punctuation(text) if settings.ignore_punctuation else text
    return " ".join(bare.split()) or " ".join(text.split())


def _without_punctuation(text: str) -> str:
    text = HEADING.sub("", text)
    meant = {found.start() for found in MEANT.finditer(text)}
    return "".join(
        " " if at not in meant and (char == "`" or unicodedata.category(char)[0] == "P") else char
        for at, char in enumerate(text)
    )
