"""What a model answered, and the key by which the ledger finds it again."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Reply:
    """What a model answered: `cost` in the currency of the prices, None where no price is known;
    `seconds` from sending to the end of the reply, 0 for a batch; `usage` as the endpoint gave it.
    """

    text: str
    finish_reason: str
    prompt_tokens: int
    completion_tokens: int
    prompt_bytes: int = 0
    seconds: float = 0.0
    cost: float | None = None
    usage: str = "{}"


def key_of(asked: Mapping[str, Any]) -> str:
    """The key of a request: a hash of everything that shapes its answer."""
    canonical = json.dumps(asked, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(canonical.encode("utf-8", "surrogatepass")).hexdigest()
