"""Remarks behind a value: `first (slightly)`, `tie // both are fine`, `8 (clear and complete)`.

A remark may turn a value round (`first (loses)`) or take some of it back (`8 at most`), in more
ways than can be listed. So only words that are known to do no such thing let the value stand.
"""

import re
from typing import Literal

Value = Literal["score", "tie", "one"]
"""What a remark stands behind; `one` of two answers."""
_LITTLE = """
    a an and are here in is it its of overall that the this answer answers response responses
    absolutely certainly clearly completely decidedly definitely entirely fully generally largely
    mostly obviously quite really reasonably slightly very
"""
_PRAISE = """
    accurate adequate clear coherent complete comprehensive concise confident consistent convincing
    correct decent detailed direct excellent exact factual faithful fine focused good great helpful
    informative logical nice organised organized outstanding perfect plausible precise readable
    relevant reliable right solid sound specific strong structured superb thorough true useful well
    written
"""
_LEADS = """
    best better by bit clearer close considerably easily far hair lead little lot margin marginally
    moderately more much narrow narrowly preferable preferred significantly slight somewhat stronger
    strongly substantially superior wide winner wins one
"""
_ALIKE = """
    alike all both comparable equal equally equivalent even exactly identical ones same similar
    similarly tied truly
"""
_MARKS = """
    acceptable average bad brief details detail depth enough errors fair few flaws gaps incoherent
    incomplete incorrect irrelevant issues key lacking lacks main mediocre minor missing moderate
    moderately ok okay points poor satisfactory several shallow short small some somewhat style
    sufficient sufficiently unclear vague weak with
"""
_HARMLESS: dict[Value, frozenset[str]] = {
    "score": frozenset((_LITTLE + _PRAISE + _MARKS).split()),
    "tie": frozenset((_LITTLE + _PRAISE + _ALIKE).split()),
    "one": frozenset((_LITTLE + _PRAISE + _LEADS).split()),
}
_BETWEEN: dict[Value, re.Pattern[str]] = {
    "score": re.compile(r"(?!)"),
    "tie": re.compile(r"\bno (?:real |clear )?difference\b"),
    "one": re.compile(r"\bthan the other(?: (?:answer|one|response))?\b"),
}
_APART = re.compile(r"[\s,;:.!*_`\"'\u201c\u201d\u2018\u2019-]+")


def harmless(remark: str, behind: Value) -> bool:
    """Whether a remark leaves the value as it is: whether each of its words does."""
    words = set(_APART.split(_BETWEEN[behind].sub(" ", remark.lower())))
    return words - {""} <= _HARMLESS[behind]
