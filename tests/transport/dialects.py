"""Replies as many endpoints write them, with what each one is: the text of an answer, or why its
row fails. All are made up.
"""

import json
from typing import Any

ANSWER = "Dropout switches units off at random."
THOUGHT = "The user asks about dropout."


def completion(message: dict[str, Any], finish: str | None = "stop", usage: Any = None) -> Any:
    counts = {"prompt_tokens": 40, "completion_tokens": 12} if usage is None else usage
    choice = {"index": 0, "finish_reason": finish, "message": {"role": "assistant", **message}}
    return {"id": "c", "choices": [choice], "usage": counts}


def content(text: Any, finish: str | None = "stop", usage: Any = None) -> Any:
    return completion({"content": text}, finish, usage)


ACCOUNTS: tuple[Any, ...] = (
    *("unknown", {"total_tokens": 70}, {"prompt_tokens": 0, "completion_tokens": 0}),
    *({"prompt_tokens": None, "completion_tokens": -5}, {"completion_tokens": 1e20}),
    *({"prompt_tokens": True, "completion_tokens": "many"}, {"completion_tokens": [3]}),
)
ANSWERS: dict[str, Any] = {
    "tags": content(f"<think>\n{THOUGHT}\n</think>\n\n{ANSWER}"),
    "closing tag alone": content(f"{THOUGHT}\n</think>\n\n{ANSWER}"),
    "parts": content(
        [
            {"type": "thinking", "thinking": [{"type": "text", "text": THOUGHT}]},
            {"type": "text", "text": ANSWER[:10]},
            {"type": "text", "text": ANSWER[10:]},
        ]
    ),
    "output_text": content([{"type": "output_text", "text": ANSWER}]),
    "reasoning_content": completion({"content": ANSWER, "reasoning_content": THOUGHT}),
    "reasoning": completion({"content": ANSWER, "reasoning": THOUGHT}),
    "reasoning_details": completion(
        {"content": ANSWER, "reasoning_details": [{"type": "reasoning.text", "text": THOUGHT}]}
    ),
    **{
        f"ends with {word}": content(ANSWER, word)
        for word in (
            "eos",
            "EOS_TOKEN",
            "STOP",
            "end_turn",
            "<|eot_id|>",
            "FinishReason.STOP",
            None,
        )
    },
    "ends without a word": content(ANSWER, None),
    **{f"usage {usage!r}": content(ANSWER, usage=usage) for usage in ACCOUNTS},
    "usage empty": content(ANSWER, usage={}),
    "usage infinite": json.dumps(content(ANSWER)).replace("12", "1e999"),
    "usage of 5000 digits": json.dumps(content(ANSWER)).replace("12", "9" * 4000),
}
"""Each is the ANSWER."""
FAILURES: dict[str, tuple[Any, str]] = {
    "cut while thinking": (content("<think>Hm", "length"), "still thinking (max_tokens 1024)"),
    "cut": (content("Dropout sw", "MAX_TOKENS"), "cut off by the token limit (max_tokens 1024)"),
    "filter": (content("", "content_filter"), "filter withheld the answer"),
    "refusal": (completion({"content": None, "refusal": "I must not."}), "refuses: I must not."),
    "tool": (completion({"content": None, "tool_calls": [{}]}, "tool_calls"), "a tool call"),
    "unknown end": (content("Hi.", "weird"), "not known: weird"),
}
"""Rows that fail, and are not paid a second time."""
NOTHING: dict[str, Any] = {
    "empty": content(""),
    "a thought alone": content("<think>Hm.</think>"),
    "a thought that never ends": content("<think>Hm."),
    "null beside reasoning": completion({"content": None, "reasoning_content": THOUGHT}),
    "an error's end": content("", "error"),
    "an aborted end": content("Dropo", "abort"),
    "an error of a provider": {"error": {"message": "Provider returned error", "code": 502}},
    "an error as a text": {"error": "model overloaded"},
    "an error in a list": [{"error": {"message": "Try again later", "code": 503}}],
    "no choice": {"choices": []},
    "choices null": {"choices": None},
    "half of it": '{"id": "c1", "choices": [{"mess',
    "a page": "<html><body>Please wait</body></html>",
    "too deep": "[" * 5000 + "]" * 5000,
}
"""No answer at all: asked again, and not kept."""
