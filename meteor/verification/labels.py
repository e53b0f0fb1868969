"""Which of several labels an answer names: as words of its own, in what it comes to, undenied."""

import re
import unicodedata
from collections.abc import Iterator, Sequence

from meteor.verification.denials import NEAR, denied
from meteor.verification.extraction import Unreadable
from meteor.verification.plain import boxed
from meteor.verification.wording import SAME, Wording, normalised

CUE = re.compile(
    r"\b(?:answer|antwort|r[ée]ponse|respuesta|risposta|resposta)\b[^.\n]{0,40}?"
    r"(?:\b(?:is|are|ist|lautet|est|es)\b|[:=])"
    r"|\b(?:correct|right|best)\s+(?:option|choice|label|category|class)\s+is\b"
    r"|^\W*answer\W*$",
    re.IGNORECASE | re.MULTILINE,
)
"""What stands before an answer."""

REASON = re.compile(
    r"\b(?:because|since|weil|denn|parce que|porque|perch[ée])\b.*?(?=[.!?]\s|\n|\Z)"
    r"|\b(?:explanation|reason|reasoning|rationale|begründung|explication|erklärung)\W{0,3}:.*",
    re.IGNORECASE | re.DOTALL,
)
"""What stands behind an answer, and may name the other labels."""

LEADS = re.compile(
    r"(?:\b(?:answer|option|choice|label|class|antwort|is|are|be|choose|pick|select)|[:=])"
    r"[\s(\"'*`\[\u201c\u2018]*\Z|[(\[]\s*\Z",
    re.IGNORECASE,
)
"""What stands before a letter that is a label, and before no article and no pronoun."""

CLOSED = re.compile(r"\s*(?:[)\]:.*`,;!\"\u201d]|\Z|\n)")
VERB = re.compile(r"\s+(?:is|are|was|because|since|and|or|as|ist|est)\b")
STARTS = re.compile(r"(?:\A|[.!?:\n])\W*\Z")
WORDS = frozenset("AIOEY")
"""Letters that are words, too: at the start of a sentence, or (I) anywhere."""


def named(answer: str, labels: Sequence[str], settings: Wording) -> str:
    """The one label that the answer names: by being it, or by saying it and no other, in its box,
    behind the last "the answer is", or anywhere. Raises Unreadable for none or several.
    """
    known = {normalised(label, settings): label for label in labels}
    if label := known.get(normalised(answer, settings)):
        return label
    text = REASON.sub(" ", boxed(unicodedata.normalize("NFKC", answer.translate(SAME))))
    said = _said(text, labels, settings)
    cues = list(CUE.finditer(text))
    if len(said) != 1 and cues:
        said = _said(text, labels, settings, cues[-1].end()) or said
    if len(said) > 1:
        raise Unreadable(f"The answer names {len(said)} of the labels; name one.")
    if not said:
        raise Unreadable("The answer names none of the labels.")
    return said.pop()


def stands(label: str, text: str) -> bool:
    """Whether a label stands in a text as words of its own."""
    return any(True for _ in _places(label, text, Wording()))


def _said(text: str, labels: Sequence[str], settings: Wording, since: int = 0) -> set[str]:
    """The labels that stand in a text `since` there, but for those that are denied."""
    said: set[str] = set()
    for label in sorted(labels, key=len, reverse=True):  # the longest first: "not spam", "spam"
        places = list(_places(label, text, settings))
        for start, end in places:
            if start >= since and not denied(
                text[max(0, start - NEAR) : start], text[end : end + NEAR]
            ):
                said.add(label)
        text = _without(text, places)
    return said


def _without(text: str, places: Sequence[tuple[int, int]]) -> str:
    kept, at = [], 0
    for start, end in places:
        kept += [text[at:start], "\0" * (end - start)]
        at = end
    return "".join([*kept, text[at:]])


def _places(label: str, text: str, settings: Wording) -> Iterator[tuple[int, int]]:
    """Where a label stands as words of its own."""
    words = normalised(label, settings).split()
    inner = r"[\W_]+" if settings.ignore_punctuation else r"\s+"
    pattern = rf"(?<![^\W_])(?<!\d[.,:/-])(?<!\W-)(?<!^-){inner.join(map(re.escape, words))}"
    pattern += r"(?![^\W_]|[+#])" + (r"(?![.,:/-]?\d|\s?%)" if words[-1][-1].isdigit() else "")
    for found in re.finditer(pattern, text, re.IGNORECASE if settings.ignore_case else 0):
        start, end = found.span()
        letter = found[0]
        if len(letter) == 1 and letter.isalpha():
            before, behind = text[max(0, start - NEAR) : start], text[end : end + NEAR]
            if not _is_label(letter, label, before, behind):
                continue
        yield start, end


def _is_label(letter: str, label: str, before: str, behind: str) -> bool:
    """Whether a letter that stands alone is the label, and not the article or a pronoun."""
    formed = bool(CLOSED.match(behind))
    if letter.islower() and (letter not in label or letter.upper() in WORDS):
        return formed and bool(LEADS.search(before) or STARTS.search(before))
    if letter not in WORDS or LEADS.search(before) or formed:
        return True
    return letter != "I" and (bool(VERB.match(behind)) or not STARTS.search(before))
