"""How a model's chats are written, found from its template: where a turn ends, where it thinks."""

import json
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from meteor.core.errors import MeteorError

Turn = dict[str, str]
OPEN, CLOSE = "<think>", "</think>"
"""The tags of a thought, as all families that are known here write them."""
ASKED: list[Turn] = [{"role": "user", "content": "A question?"}]
ANSWER = "An answer."
LINE = "\n"
EMPTY = f"{OPEN}\n\n{CLOSE}\n\n"
_AT_THE_END = re.compile(rf"({OPEN}\s*)?({CLOSE}\s*)?\Z")
REMEDY = (
    "choose an instruction-tuned model, or set eos_token or chat_template of the base plugin "
    "(base.hub.eos_token, base.hub.chat_template)"
)


@dataclass(frozen=True)
class Turns:
    """What is known of a tokenizer's chats.

    `ends` are the tokens after which a model stops, `end` what the template writes after an
    answer, up to and with the token that ends the turn. Before an answer without a thought stands
    `closed`, which is never learned, and `lead`, which is. `thinks` says that the template knows
    thoughts, `opens` that the prompt opens one, `shuts` that it closes one, `system` that the
    template takes a system turn. `control` finds control tokens.
    """

    ends: frozenset[int]
    end: str
    closed: str
    lead: str
    thinks: bool
    opens: bool
    shuts: bool
    system: bool
    thoughts: str
    control: re.Pattern[str]

    def prompt(self, asked: str) -> str:
        """The text after which the model writes, from the template's text of a prompt."""
        return asked + self.closed if self.thoughts == "off" else asked

    def before(self, thought: str | None) -> tuple[str, str]:
        """What stands before an answer after the template's text of a prompt: what is not
        learned, and what is.
        """
        if not thought or self.thoughts != "keep":
            return self.closed, self.lead
        opening = "" if self.opens else f"{OPEN}\n"
        return "", f"{opening}{self.inert(thought.strip())}\n{CLOSE}\n\n"

    def inert(self, text: str) -> str:
        """The text with a mark inside every control token, which encoding takes out again, so that
        it is encoded as the words it is.
        """
        from transformers.utils.chat_template_utils import _CONTROL_TOKEN_START as MARK

        words = text.replace(MARK, "")
        return self.control.sub(lambda found: found[0][0] + MARK + found[0][1:], words)


def encode(tokenizer: Any, text: str) -> list[int]:
    """Token ids of a rendered chat, its inert texts as words."""
    from transformers.utils.chat_template_utils import _CONTROL_TOKEN_START as MARK

    careful = {"sanitize_control_tokens": True} if MARK in text else {}
    return list(tokenizer(text, add_special_tokens=False, **careful)["input_ids"])


def after(tokenizer: Any, begun: str, more: str) -> list[int]:
    """Token ids of what follows a text that stands there already, whose own stay as they are."""
    from transformers.utils.chat_template_utils import _CONTROL_TOKEN_START as MARK

    first, whole = encode(tokenizer, begun), encode(tokenizer, begun + more)
    if whole[: len(first)] != first:
        whole = encode(tokenizer, begun + MARK + more)
    return whole[len(first) :]


def render(tokenizer: Any, turns: Turns, messages: Sequence[Turn], begin: bool) -> str:
    """The template's text of a chat; with `begin` up to where the assistant writes. No text in it
    can become a control token, and a template without a system turn has it in the user's first.
    """
    given = [{**turn, "content": turns.inert(turn["content"])} for turn in messages]
    if given[0]["role"] == "system" and not turns.system and len(given) > 1:
        first = f"{given[0]['content']}\n\n{given[1]['content']}"
        given = [{**given[1], "content": first}, *given[2:]]
    return _render(tokenizer, given, begin, turns.thoughts)


def _render(tokenizer: Any, messages: list[Turn], begin: bool, thoughts: str) -> str:
    from jinja2 import TemplateError

    try:
        text = tokenizer.apply_chat_template(
            messages,
            add_generation_prompt=begin,
            tokenize=False,
            enable_thinking=thoughts != "off",
        )
    except (TemplateError, TypeError, ValueError) as error:
        roles = ", ".join(turn["role"] for turn in messages)
        raise MeteorError(f"the chat template cannot write the turns {roles}: {error}") from None
    return str(text)


def listed_ends(checkpoint: Path) -> set[int]:
    """The tokens that end a turn by a checkpoint's generation config, or by its config."""
    for name in ("generation_config.json", "config.json"):
        try:
            config = json.loads((checkpoint / name).read_text(encoding="utf-8"))
        except (OSError, ValueError):
            continue
        for part in (config, config.get("text_config") or {}):
            given = part.get("eos_token_id")
            if given is not None:
                return set(given) if isinstance(given, list) else {given}
    return set()


def find_turns(tokenizer: Any, listed: Iterable[int], thoughts: str) -> Turns:
    """Write a probe with the tokenizer's template and read it. `listed` are ends of a turn that
    the checkpoint names besides the tokenizer's own.

    Raises MeteorError, with the remedy, where the template does not end turns, loses the answer,
    or changes the prompt once the answer follows.
    """
    if not tokenizer.chat_template:
        raise MeteorError(f"the tokenizer has no chat template; {REMEDY}")
    asked = _render(tokenizer, ASKED, True, thoughts)
    answered = [*ASKED, {"role": "assistant", "content": ANSWER}]
    whole = _render(tokenizer, answered, False, thoughts)
    place = whole.rfind(ANSWER)
    if place < 0:
        raise MeteorError(f"the chat template does not write the assistant's answer; {REMEDY}")
    control = _control_tokens(tokenizer)
    ends = {*listed, *filter(lambda end: end is not None, [tokenizer.eos_token_id])}
    end = _end(tokenizer, whole[place + len(ANSWER) :], ends, control)
    tags = _tags(asked)
    closed, lead = _opening(str(tokenizer.chat_template), asked, whole[:place])
    return Turns(
        ends=frozenset({*ends, encode(tokenizer, end)[-1]}),
        end=end,
        closed=closed,
        lead=lead,
        thinks=bool(closed) or CLOSE in str(tokenizer.chat_template),
        opens=OPEN in tags and CLOSE not in tags,
        shuts=CLOSE in tags,
        system=_takes_system(tokenizer, thoughts),
        thoughts=thoughts,
        control=control,
    )


def _control_tokens(tokenizer: Any) -> re.Pattern[str]:
    """Finds the tokens that steer a chat: special ones, those that the template or the tokenizer's
    own list names, and thought tags; the longest first. White space is text, whoever adds it.
    """
    named = set(getattr(tokenizer, "chat_control_tokens", None) or (OPEN, CLOSE))
    tokens = {
        token.content
        for token in tokenizer.added_tokens_decoder.values()
        if not token.content.isspace()
        and (
            token.special or token.content in named or token.content in str(tokenizer.chat_template)
        )
    }
    # Templates take a thought out of an answer by its tags, also where these are no tokens.
    tokens |= {tag for tag in (OPEN, CLOSE) if tag in str(tokenizer.chat_template)}
    longest_first = sorted(tokens, key=lambda token: (-len(token), token))
    return re.compile("|".join(map(re.escape, longest_first)) or "(?!)")


def _end(tokenizer: Any, tail: str, ends: set[int], control: re.Pattern[str]) -> str:
    """What stands after an answer, up to the token that ends the turn: the last one that is listed,
    or else the control token that stands right behind the answer.
    """
    tokens = list(control.finditer(tail))
    last = [found for found in tokens if tokenizer.convert_tokens_to_ids(found[0]) in ends][-1:]
    behind = [found for found in tokens[:1] if not tail[: found.start()].strip()]
    for found in last or behind:
        return tail[: found.end()]
    raise MeteorError(
        f"the chat template does not end a turn with {tokenizer.eos_token!r} or another control "
        f"token (after an answer it writes {tail[:40]!r}), so a model could not learn to stop; "
        f"{REMEDY}"
    )


def _opening(template: str, asked: str, head: str) -> tuple[str, str]:
    """What stands between the prompt and an answer: a closed, empty thought, which is not learned,
    and what belongs to the answer.
    """
    tags = _tags(asked)
    follows = head[len(asked) :] if head.startswith(asked) else None
    if _bare(asked) == _bare(head):
        if follows and CLOSE in follows:
            return follows, ""
        if CLOSE in tags or CLOSE not in template + head:
            return "", ""
        if OPEN in tags:
            return f"{'' if tags.endswith(LINE) else LINE}{LINE}{CLOSE}{LINE}{LINE}", ""
        return EMPTY, ""
    if follows is None:
        raise MeteorError(f"the chat template changes the prompt once the answer follows; {REMEDY}")
    return "", follows


def _tags(text: str) -> str:
    """The tags of a thought that a text ends with."""
    found = _AT_THE_END.search(text)
    return found[0] if found else ""


def _bare(text: str) -> str:
    return text.removesuffix(_tags(text))


def _takes_system(tokenizer: Any, thoughts: str) -> bool:
    """Whether the words of a system turn are in the text that the template writes."""
    words = "Be brief, please."
    try:
        told = [{"role": "system", "content": words}, *ASKED]
        return words in _render(tokenizer, told, True, thoughts)
    except MeteorError:
        return False
