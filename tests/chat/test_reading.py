"""No verdict is misread in silence: a thousand made-up replies, clear ones and unclear ones."""

import json
import random
from typing import Any

import pytest

from meteor.chat.reading import Unreadable, read_verdict
from meteor.chat.verdicts import AdviceVerdict, PreferenceVerdict, ScoreVerdict
from meteor.core.judgements import ASPECTS, DIMENSIONS

TICKET = "a1b2c3d4"
REASONS = (
    "It is clearer.",
    'It says "x" and no more.',
    "It isn't complete.",
    "It keeps the </think> in the text.",
    "It uses \\(x\\) and \\frac{a}{b}.",
    "Line one.\nLine two.",
    "It claims that 10/10 would be due, or 1 of 10.",
    "The first one is longer than the second, a tie in length.",
)
CLEAR_SCORES = """
{n}   "{n}"   {n}/10   "{n}/10"   "{n} / 10"   {n} out of 10   "{n} of 10"   **{n}**
"**{n}**"   {n} (good)   {n} // good   {n}.0   "{n}.0"   {n} (clear and complete)
""".replace("\n", "   ").split("   ")[1:-1]
UNCLEAR_SCORES = """
>{n}   <={n}   ~{n}   "~{n}"   ">{n}"   {n}_0   "{n}_0"   {n}-10   "{n}-10"   {n} or 9
"{n} or 9"   {n}.5   "{n}.5"   {n}/100   {n}/5   "{n}/5"   [{n}, 9]   true   null   ""
"about {n}"   {n} (could be 9)   {n} (but not for style)   {n}, 9   {n}{n}0   "{n}+"   {n}e
{n} (at most)   {n} (too high)   "{n} (if generous)"   {n} // halved   {n} (minus one)
0x{n}   {n}%   -{n}   "\u2212{n}"   "{n} stars of 5"   {n} | 9   {n} -> 9   "{n}?"   "not {n}"
{{"old": {n}, "new": 9}}   "{n}" "9"   "{n}", "9"   '{n}' or '9'   {n}½
""".replace("\n", "   ").split("   ")[1:-1]
CLEAR_WORDS = """
"{w}"   "{W}"   "{C}"   " {w} "   "{w} answer"   "The {w} answer"   "{w}" (slightly)
"{w}" // close   "{w} (by far)"   “{w}”   "{w}" is better   '{w}'   {w}   **{w}**
"{w} is clearly better than the other one"   "{w}" (by a wide margin)   "{w}" // more complete
""".replace("\n", "   ").split("   ")[1:-1]
UNCLEAR_WORDS = """
"{w}", "{o}"   ["{w}", "{o}"]   "{w}" or "{o}"   "not {w}"   "{w}" -> "{o}"   "A"   null
"{w}" but "{o}" for style   "{w} or {o}"   "{w}/{o}"   "neither"   "both"   ""   1   true
"{w}" (though {o} is close)   "{w}?"   "{w} and {o}"   "un{w}"   {w}{o}   "{w}", {o}
"{w}" // no, {o}   "{w} is not better"   "{w} is worse"   {{"a": "{w}", "b": "{o}"}}
"{w}" "{o}"   "{w}|{o}|tie"   "{w} > {o}"   "almost {w}"   "{w}" was my draft   "{w}ly"
"{w} is inferior"   "{w}" is weaker   "{w}" (loses)   "{w}" (fails)   "{w}" // reversed
"{w} (unlikely)"   "{w}" is incorrect   "{w}" (equally good)   "{w}" (hardly)   "tie" (unlikely)
""".replace("\n", "   ").split("   ")[1:-1]


def reply(rng: random.Random, value: str, field: str, names: tuple[str, ...]) -> str:
    """An object as a model may write it, with `value` in every part."""
    parts = []
    for name in names:
        key = name.capitalize() if rng.random() < 0.05 else name
        reason = json.dumps(rng.choice(REASONS))
        parts.append(f'"{key}": {{"reason": {reason}, "{field}": {value}}}')
    ticket = TICKET.upper() if rng.random() < 0.1 else TICKET
    if rng.random() < 0.3:
        rng.shuffle(parts)
    return "{" + ", ".join([f'"ticket": "{ticket}"', *parts]) + "}"


def around(rng: random.Random, text: str) -> str:
    """The object among what models write before and after it; it stays the only verdict."""
    other = text.replace(TICKET, "00000000").replace(TICKET.upper(), "00000000")
    return rng.choice(
        [
            "{}", "```json\n{}\n```", "Here is my verdict:\n{}\nI hope {{this}} helps.", "[{}]",
            '{{"verdict": {}}}', '{{"name": "Verdict", "arguments": {}}}', "<think>Hm.</think>{}",
            "<think>A draft: {draft}</think>\n{}", "A draft: {draft} No.\n</think>\n{}",
            "{foreign}\n{}", "{}\n{foreign}", "<THINKING>{draft}</THINKING>{}", "{}\n{}",
        ]
    ).format(text, text, draft=_other(text), foreign=other)  # fmt: skip


def _other(text: str) -> str:
    """The same with another verdict, as a draft."""
    swapped = text.replace("first", "\0").replace("second", "first").replace("\0", "second")
    return swapped.replace("7", "2")


def scored(text: str) -> int | str:
    try:
        verdict = read_verdict(text, ScoreVerdict, TICKET)
    except Unreadable:
        return "unreadable"
    (score,) = {getattr(verdict, name).score for name in DIMENSIONS}
    return int(score)


def preferred(text: str) -> str:
    try:
        verdict = read_verdict(text, PreferenceVerdict, TICKET)
    except Unreadable:
        return "unreadable"
    (word,) = {getattr(verdict, name).better for name in ASPECTS}
    return str(word)


@pytest.mark.parametrize("seed", range(10))
def test_no_reply_is_misread_in_silence(seed: int) -> None:
    """Ten times a hundred: half of them scores, half of them clear."""
    rng = random.Random(seed)
    for _ in range(25):
        text = rng.choice(CLEAR_SCORES).format(n=7)
        whole = around(rng, reply(rng, text, "score", DIMENSIONS))
        assert scored(whole) == 7, whole
        text = rng.choice(UNCLEAR_SCORES).format(n=7)
        whole = around(rng, reply(rng, text, "score", DIMENSIONS))
        assert scored(whole) == "unreadable", whole
        word, other = rng.sample(["first", "second"], 2)
        names = {"w": word, "W": word.upper(), "C": word.capitalize(), "o": other}
        whole = around(rng, reply(rng, rng.choice(CLEAR_WORDS).format(**names), "better", ASPECTS))
        assert preferred(whole) == word, whole
        text = rng.choice(UNCLEAR_WORDS).format(**names)
        whole = around(rng, reply(rng, text, "better", ASPECTS))
        assert preferred(whole) == "unreadable", whole


def test_a_reason_with_broken_quotes_lends_nothing() -> None:
    """Read as it stands, or refused: what is quoted in a reason is no field."""
    for quoted in ("x", 'better": "second', 'overall": {"better": "second"}, "', 'a", "b'):
        text = reply(random.Random(1), '"first"', "better", ASPECTS)
        whole = text.replace('"reason": "', f'"reason": "It says "{quoted}" itself, ', 1)
        assert preferred(whole) in ("first", "unreadable"), whole
    assert preferred(text.replace('"reason": "', '"reason": "The "x" one, ', 1)) == "first"


SOUND = '{"ticket": "a1b2c3d4", "correct": true, "errors": [], "advice": ""}'
WRONG = '{"ticket": "a1b2c3d4", "correct": false, "errors": "A sign.", "advice": "Look at it."}'


@pytest.mark.parametrize(
    ("text", "correct"),
    [
        (SOUND, True),
        (WRONG, False),
        (SOUND.replace("[]", "null").replace('""', "null"), True),
        (SOUND.replace("true", '"True"'), True),
        (SOUND.replace("true", "True"), True),
        (f"<THINK>{SOUND}</THINK>\n{WRONG}", False),
        (f"{SOUND}\n</think>\n{WRONG}", False),
        (f"<think>{SOUND}", None),
        (f"It may be {SOUND} or not.\n</think>\nIt is wrong.", None),
        (f"So: <think>{SOUND}", None),
        (SOUND + WRONG, None),
        (SOUND + WRONG[:-3], None),
        (SOUND + WRONG.replace('"A sign."', ">1 sign"), None),
        (json.dumps(SOUND), True),
        ('{"name": "f", "arguments": ' + json.dumps(WRONG) + "}", False),
        (SOUND.replace('"advice": ""', '"advice": "", "correct": false'), None),
        (SOUND.replace('""', '"It says "correct": false at the end."'), None),
        (SOUND.replace("true", "true, false"), None),
        (SOUND.replace("true", '"yes"'), None),
        (SOUND.replace("[]", '["The sign is wrong."]'), None),
        (WRONG.replace('"Look at it."', "null"), None),
        (WRONG[:-1], False),
        ('{"ticket": "a1b2c3d4", "correct": true', None),
        ('{"ticket": "a1b2c3d4", "advice": "", "errors": [], "correct": true', None),
        ('{"ticket": "a1b2c3d4", "correct": "true"', None),
        (SOUND.replace("true", "1"), None),
    ],
)
def test_an_advisors_word_is_read_or_refused(text: str, correct: bool | None) -> None:
    if correct is None:
        with pytest.raises(Unreadable):
            read_verdict(text, AdviceVerdict, TICKET)
    else:
        assert read_verdict(text, AdviceVerdict, TICKET).correct is correct


@pytest.mark.parametrize(
    ("text", "score"),
    [
        ('{"ticket": "a1b2c3d4", "z": ' + "[" * 3000 + "]" * 3000 + "}", "unreadable"),
        ('{"' * 2500, "unreadable"),
        ('{"a":[' * 1500, "unreadable"),
        ('{"ticket": "a1b2c3d4", "accuracy": ' + "[" * 1200, "unreadable"),
        ('{"ticket": "a1b2c3d4", "accuracy": "' + 'x" ' * 15000, "unreadable"),
        ('{"ticket": "a1b2c3d4", "accuracy": ' + "/* " * 15000, "unreadable"),
        ("{" + "a " * 24000, "unreadable"),
    ],
    ids=["closed", "quotes", "lists", "open", "inner quotes", "comments", "words"],
)
def test_a_reply_that_loops_is_refused_soon(text: str, score: Any) -> None:
    assert scored(text) == score


def test_what_stops_within_a_value_is_not_read() -> None:
    whole = reply(random.Random(0), "10", "score", DIMENSIONS)
    assert scored(whole) == 10
    assert scored(whole[:-1]) == 10
    assert scored(whole[:-2]) == scored(whole[:-3]) == "unreadable", "10, or 1 of 10?"
