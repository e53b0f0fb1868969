"""Pairs of answers of which another column says which one is preferred: it is the answer."""

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from meteor.sources.values import is_nothing, read_back

Prefers = Callable[[Mapping[str, Any]], float]
"""Above 0 where the second of a pair is preferred."""


class Pair(NamedTuple):
    """Two columns of answers, the column of the preferred one, and what tells it."""

    first: str
    second: str
    chosen: str
    told: tuple[str, ...]
    prefers: Prefers


def _number(value: Any) -> float:
    try:
        return float(value)
    except (TypeError, ValueError):
        return 0.0


PAIRS = (
    Pair(
        *("human_ref_A", "human_ref_B", "chosen", ("labels",)),  # SHP, where 1 is A
        lambda row: 0.5 - _number(row["labels"]),
    ),
    Pair(
        *("response_0", "response_1", "chosen", ("better_response_id",)),  # PKU-SafeRLHF
        lambda row: _number(row["better_response_id"]) - 0.5,
    ),
    Pair(
        *("answer_0", "answer_1", "chosen", ("score_0", "score_1")),  # WebGPT
        lambda row: _number(row["score_1"]) - _number(row["score_0"]),
    ),
    Pair(
        *("response1", "response2", "chosen", ("overall_preference",)),  # HelpSteer3
        lambda row: _number(row["overall_preference"]),
    ),
    Pair(
        *("conversation_a", "conversation_b", "messages", ("winner",)),  # Chatbot Arena
        lambda row: str(row["winner"]).lower() in ("model_b", "b"),
    ),
    Pair(
        *("response_a", "response_b", "chosen", ("winner_model_a", "winner_model_b")),
        lambda row: _number(row["winner_model_b"]) - _number(row["winner_model_a"]),
    ),
    Pair(
        *("response_a", "response_b", "chosen", ("winner",)),
        lambda row: str(row["winner"]).lower() in ("model_b", "b", "response_b"),
    ),
)


def with_chosen(row: dict[str, Any]) -> list[Any] | None:
    """A row with two answers and which one is preferred, as one with the column `chosen`."""
    for pair in PAIRS:
        if not {pair.first, pair.second, *pair.told} <= row.keys():
            continue
        if any(is_nothing(row[name]) for name in pair.told):
            continue
        chosen = row[pair.second if pair.prefers(row) > 0 else pair.first]
        asked = {"question": row["history"]} if isinstance(row.get("history"), str) else {}
        turns = {name: _turns(row.get(name)) for name in ("prompt",) if pair.first == "response_a"}
        if isinstance(turns.get("prompt"), list) and isinstance(said := _turns(chosen), list):
            both = zip(turns["prompt"], said, strict=False)
            return [{**row, "conversations": [text for turn in both for text in turn]}]
        return [{**row, **asked, pair.chosen: chosen}]
    return None


def _turns(value: Any) -> Any:
    """The turns of one side, which Chatbot Arena has as a text of JSON."""
    return read_back(value) if isinstance(value, str) and value.startswith('["') else value
