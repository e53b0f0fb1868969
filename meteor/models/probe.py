"""Whether a base model can be trained, stopped, scored and evaluated: asked before paying.

What is found is written into the checkpoint, where every stage, every trainer and every server
finds it again.
"""

import json
import logging
from pathlib import Path
from typing import Any

from meteor.core.errors import MeteorError
from meteor.core.jsonl import write_json
from meteor.core.records import Example, Message, Prompt
from meteor.models.encoding import THOUGHTS, encode_example, load_tokenizer, prompt_ids
from meteor.models.turns import REMEDY, Turns

log = logging.getLogger("meteor")
ASKED = Prompt(id="probe", messages=(Message(role="user", content="What is a tensor?"),))
REVISED = Prompt(
    id="probe",
    messages=(
        *ASKED.messages,
        Message(role="assistant", content="A number."),
        Message(role="user", content="An expert advises: think of many numbers."),
    ),
)


def settle(checkpoint: Path, thoughts: str) -> Turns:
    """Look at a new base model, and write into it what becomes of thoughts and all its ends of a
    turn.

    Raises MeteorError, with the remedy, where it cannot be used.
    """
    tokenizer = load_tokenizer(checkpoint, thoughts=thoughts)
    turns: Turns = tokenizer.turns
    try:
        _require_chats(tokenizer, turns)
        config = _require_vocabulary(checkpoint, tokenizer)
    except MeteorError as error:
        raise MeteorError(f"{checkpoint}: {error}") from None
    _put(checkpoint / "tokenizer_config.json", THOUGHTS, thoughts)
    ends = sorted(turns.ends)
    _put(checkpoint / "generation_config.json", "eos_token_id", ends if ends[1:] else ends[0])
    log.info("%s: %s", checkpoint, _told(tokenizer, turns, config))
    return turns


def _require_chats(tokenizer: Any, turns: Turns) -> None:
    """A chat is begun once, can be revised, and an answer in it ends where it ends."""
    for prompt in (ASKED, REVISED):
        begin = tokenizer.bos_token_id
        if begin is not None and prompt_ids(tokenizer, prompt)[:2] == [begin, begin]:
            raise MeteorError(
                f"the chat template begins a chat twice, with {tokenizer.bos_token!r}; {REMEDY}"
            )
    answer = encode_example(tokenizer, Example(id="probe", prompt=ASKED, answer="Numbers.")).answer
    if sum(token in turns.ends for token in answer) != 1 or answer[-1] not in turns.ends:
        raise MeteorError(
            f"the chat template does not end an answer once and last, with {turns.end.strip()!r}; "
            f"{REMEDY}"
        )
    if turns.thoughts == "keep" and turns.shuts:
        raise MeteorError(
            "base.thoughts is keep, and the chat template closes every thought before it begins; "
            "choose a model that thinks, or set base.thoughts to off or strip"
        )


def _require_vocabulary(checkpoint: Path, tokenizer: Any) -> Any:
    from transformers import AutoConfig

    config = AutoConfig.from_pretrained(checkpoint, local_files_only=True).get_text_config()
    rows = getattr(config, "vocab_size", None)
    if rows is not None and len(tokenizer) > rows:
        raise MeteorError(
            f"the tokenizer has {len(tokenizer)} tokens, the model embeds {rows}: they do not "
            "belong together, or the embedding was not resized after tokens were added"
        )
    return config


def _put(file: Path, key: str, value: Any) -> None:
    """Write a key of a JSON file, unless it stands there so."""
    before = json.loads(file.read_text(encoding="utf-8")) if file.is_file() else {}
    if before.get(key) != value:
        write_json(file, {**before, key: value})


def _told(tokenizer: Any, turns: Turns, config: Any) -> str:
    """What was found, in one line."""
    window = getattr(config, "max_position_embeddings", None)
    found = [
        f"a turn ends with {turns.end.strip()!r}",
        f"a window of {window} tokens" if window else "no window of its own",
    ]
    if turns.thinks:
        found.append(f"it can think (base.thoughts: {turns.thoughts})")
    if not turns.system:
        found.append("it takes no system turn, which goes into the user's first")
    if "strftime_now" in tokenizer.chat_template and "macro strftime_now" not in str(
        tokenizer.chat_template
    ):
        found.append("its template writes today's date: other bytes on another day")
    return "; ".join(found)
