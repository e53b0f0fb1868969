"""Whether a text says of something that it is not the answer. It reads words, and no sense."""

import re

NEAR = 80
"""Characters before and behind that are looked at."""

BEFORE = re.compile(
    r"(?:\b(?:not|never|cannot|neither|nor|nicht|kein\w*|weder|pas|no es|non è|não é|nie|niet|geen|"
    r"inte|ikke|не)|n['\u2019]t|\u2260|!=)"
    r"(?:\s+(?!(?:but|sondern|mais|sino|rather|instead|so|yet)\b)[^\W\d_]{1,8}){0,5}"
    r"[\s(\"'*`\[\u201c\u2018]*\Z",
    re.IGNORECASE,
)
BEHIND = re.compile(
    r"[\s)\"'*`\]\u201d\u2019]*\b(?:is|are|was|seems|looks|would be|ist|est|es)"
    r"(?:n['\u2019]t\b|\s+(?:\w+\s+)?(?:not|wrong|incorrect|false|nicht|falsch|pas|faux)\b)",
    re.IGNORECASE,
)


def denied(before: str, behind: str) -> bool:
    """Whether what stands between the two is denied, as in "not B" and "B is wrong"."""
    return bool(BEFORE.search(before[-NEAR:]) or BEHIND.match(behind[:NEAR]))
