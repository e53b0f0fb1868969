"""A verdict in free words: correct, wrong, or unknown where it is not one of the clear forms.

Sentence by sentence: what says of the whole answer that it is right, what finds a fault in any
part, and what leaves it open. What somebody else claims, and what a question asks, says nothing.
"""

import re
from typing import Literal

Verdict = Literal["correct", "wrong", "unknown"]

ADVERBS = (
    r"(?:(?:entirely|completely|fully|wholly|totally|perfectly|absolutely|quite|indeed|therefore|thus|"
    r"also|all|both|clearly|plainly|simply|really|overall|essentially|technically|factually|still|"
    r"logically|mathematically|and)\s+){0,3}"
)
HALF = r"(?:partial|part|most|large|near|general|rough|half|somewhat|almost|in part)(?:ly)?"
GOOD = r"(?:correct|right|accurate)"
BAD = (
    r"(?:incorrect|wrong|inaccurate|false|mistaken|untrue|flawed|erroneous|invalid|nonsense|"
    r"unsound|misleading)"
)
IS = r"(?:is|are|was|were|seems?|looks?|appears?|remains?|sounds?)(?:\s+to\s+be)?"
NOT = r"(?:not|\w*n't|never|nothing|hardly|scarcely|no longer|far from|anything but)"
FAULT = r"(?:errors?|mistakes?|flaws?|faults?|bugs?|inaccurac(?:y|ies)|contradictions?)"
WHOLE = (
    r"(?:it|this|that|everything|you|yours|(?:the|your|this|that|his|her|their|its)\s+"
    r"(?:(?:final|whole|student's|model's|given|proposed|overall|above)\s+)*"
    r"(?:answer|response|solution|reply|submission|reasoning|explanation|work|student|model)"
    r"(?:\s+and\s+(?:(?:the|its|your)\s+)?(?:answer|reasoning|explanation|result|conclusion))?"
    r"|all\s+(?:of\s+)?(?:the\s+|its\s+)?\w+)"
)
LABEL = r"(?:(?:final\s+)?(?:evaluation|verdict|result|assessment|judg(?:e)?ment|feedback|rating))"

CLAIMED = re.compile(
    r"(?<!\bi )(?<!\bwe )\b(?:claim|say|state|argue|assert|suggest|insist|assume|pretend|think|"
    r"believe|explain|show|note|point|mention|describe|warn)s?(?:\s+out)?\s+"
    r"(?:that|why|how|when|what|whether)\b.*"
    r"|(?<!\bi )(?<!\bwe )\b(?:claims|says|states|argues|thinks|believes)\s+(?:it|this|the)\b.*"
    r"|\b(?:why|the (?:claim|idea|fact|statement|view) that)\b.*"
)
HARMLESS = re.compile(
    rf"\bnot only\b|\b(?:no|without(?:\s+a|\s+any)?)\s+doubts?\b(?:\s+that)?|\bundoubtedly\b"
    rf"|\b(?:no|without(?:\s+any)?|free of|not\s+(?:see|find|contain|have)\s+any|zero)\s+"
    rf"(?:\w+\s+){{0,2}}?{FAULT}"
)
PRAISE = re.compile(rf"\b{NOT}\s+(?:is\s+|was\s+)?(?:\w+\s+)?{BAD}\b")
OPEN = re.compile(
    r"\bunclear\b|\b(?:hard|difficult|impossible)\s+to\s+(?:tell|say|know|judge|decide|verify)\b"
    r"|\bdepends?\b|\bwhether\b|\b(?:not|n't)\s+(?:sure|clear|certain|obvious|know)\b|\bunsure\b"
    r"|\b(?:may|might|could|can)\s+be\b|\b(?:perhaps|maybe|possibly|presumably)\b|\bdoubt(?:ful)?\b"
    r"|\bif\b|\bprovided\b|\bassuming\b|\bunless\b|\bas long as\b|\bcorrect only\b"
    r"|\bonly (?:if|when|under)\b"
)
TURN = re.compile(
    r"\b(?:but|however|except|although|though|yet|while|whereas|apart from|aside from|other than|"
    r"albeit|save for|despite|still needs|only)\b"
)
DENIED = re.compile(
    rf"(?:\b{NOT}\s+(?:\w+\s+){{0,3}}?|\b(?:hard|difficult|impossible)\s+to\s+(?:call|consider|find|"
    rf"accept)\b.*?|\bfails?\s+to\s+be\s+(?:\w+\s+)?|\b(?:neither|none|not one|no (?:part|step|"
    rf"claim|one|answer))\b.*?|^(?:only|just|merely)\b.*?|\b{HALF}\s+)(?<!to )\b{GOOD}\b"
    rf"|^to be {GOOD}\b"
)
DISBELIEVED = re.compile(
    rf"(?:\b(?:do not|don't|cannot|can't|could not|couldn't|unable to|refuse to|would not|wouldn't|"
    rf"won't)\s+(?:think|believe|confirm|say|agree|call|consider|find|accept)\b.*?"
    rf"|\bi doubt\b.*?|\bdoubtful that\b.*?|\bnot (?:the case|true) that\b.*?"
    rf"|\bwould (?:only )?be\s+)\b{GOOD}\b"
)
FAULTY = re.compile(
    rf"\b{IS}\s+(?:{HALF}\s+)?{ADVERBS}{BAD}\b"
    rf"|\b(?:this|it|that)\s+is\s+an?\s+(?:\w+\s+)?{BAD}\s+(?:answer|response|solution|result)\b"
    rf"|\b(?:this|it|that)\s+is\s+the\s+{BAD}\s+(?:answer|response|solution|result)\b"
    rf"|^(?:{HALF}\s+)?{ADVERBS}{BAD}(?=$|,|\s+(?:and|because|since))"
    rf"|\b(?:there\s+(?:is|are)|has|have|contains?|makes?|made|with)\s+(?:\w+\s+){{0,3}}?{FAULT}\b"
    r"|\bcontradicts\b|\b(?:does|do)(?:\s+not|n't)\s+(?:follow|hold|work|answer)\b|\b(?:it|that|conclusion|"
    r"proof|argument|derivation|answer|result|step)\s+fails\b"
    r"|^(?:it|that|this|they)\s+(?:is|are|does|do)(?:\s+not|n't)$"
)
RIGHT = re.compile(
    rf"^(?:(?:yes|ok(?:ay)?|{LABEL})\W+)*(?:(?:the\s+)?(?:answer|it|this|response)\s+(?:is\s+)?)?"
    rf"{ADVERBS}{GOOD}(?=$|,|\s+(?:and|because|since|overall|throughout|on all))"
    rf"|\b{WHOLE}(?:\s+(?:{IS}|are)|'s|'re)\s+(?:judged\s+|marked\s+)?{ADVERBS}{GOOD}"
    rf"(?=$|,|\s+(?:and|because|since|overall|throughout|in all|on all))"
    rf"|\b(?:this|it|that|yours)\s+is\s+an?\s+{ADVERBS}{GOOD}\s+(?:answer|response|solution|reply)\b"
)
YES = re.compile(r"^(?:yes|it is|it does|indeed|certainly)\b")
NO = re.compile(r"^(?:no|not|hardly|never|it (?:is not|isn't|does not|doesn't)|sadly not)\b")


def verdict(evaluation: str) -> Verdict:
    """What an evaluation in free words says of an answer. "Not correct" is wrong, and so is what
    finds a fault in a part; what leaves it open, or says neither, is unknown.
    """
    right = wrong = open_ = asked = False
    for sentence, mark in _sentences(evaluation):
        if asked and NO.search(sentence):
            wrong = True
        elif asked and YES.search(sentence):
            right = True
        asked = mark == "?" and re.search(rf"\b{GOOD}\b", sentence) is not None
        if mark == "?":
            continue
        plain = HARMLESS.sub(" ", sentence)
        wrong |= DISBELIEVED.search(plain) is not None
        said = CLAIMED.sub(" ", plain).strip(" ,")
        praised = PRAISE.search(said) is not None
        said = PRAISE.sub(" ", said).strip(" ,")
        doubtful = OPEN.search(said) is not None
        faulty = FAULTY.search(said) is not None
        denied = DENIED.search(said) is not None
        claimed = RIGHT.search(said) is not None or praised
        wrong |= (faulty or denied) and not doubtful
        open_ |= doubtful or (claimed and TURN.search(said) is not None)
        right |= claimed and not (doubtful or faulty or denied)
    if wrong:
        return "wrong"
    return "correct" if right and not open_ else "unknown"


def _sentences(text: str) -> list[tuple[str, str]]:
    """The sentences of a text in small letters without marks, each with what ends it. A label and
    its verdict, and what a semicolon parts, are sentences of their own.
    """
    plain = text.lower().replace("\u2019", "'").replace("\u2018", "'")
    plain = re.sub(r"[*_`\"\u201c\u201d()\[\]#>]", " ", plain)
    parts = re.split(r"([.!?;:\n]+(?=\s|$)|\s[-\u2013\u2014\u2192=]+>?\s)", plain)
    found = []
    for part, mark in zip(parts[::2], [*parts[1::2], ""], strict=True):
        words = re.sub(r"^[^\w]+|[^\w]+$", "", " ".join(part.split()))
        if words:
            found.append((words, mark.strip()[:1]))
    return found
