"""How a long prompt is made to fit: the question's body is shortened in its middle."""

from collections.abc import Callable

from meteor.core.records import Message, Prompt

ELLIPSIS = "\n[...]\n"


def fit(prompt: Prompt, length: Callable[[Prompt], int], limit: int) -> Prompt | None:
    """Shorten the question's body in the middle until `length(prompt)` is at most `limit`.

    The instruction, the title and the rest of the chat stay whole. Returns None where even a
    prompt without any body is too long.
    """
    if length(prompt) <= limit:
        return prompt
    shortest = _shortened(prompt, 0)
    if length(shortest) > limit:
        return None
    low, high, best = 0, max(_body_length(prompt) - len(ELLIPSIS), 0), shortest
    while low < high:
        keep = (low + high + 1) // 2
        candidate = _shortened(prompt, keep)
        if length(candidate) <= limit:
            low, best = keep, candidate
        else:
            high = keep - 1
    return best


def _body_length(prompt: Prompt) -> int:
    return max((m.cut[1] - m.cut[0] for m in prompt.messages if m.cut), default=0)


def _shortened(prompt: Prompt, keep: int) -> Prompt:
    """The prompt with at most `keep` characters of each body left, half before the ellipsis."""
    return prompt.model_copy(update={"messages": tuple(_short(m, keep) for m in prompt.messages)})


def _short(message: Message, keep: int) -> Message:
    if message.cut is None or message.cut[1] - message.cut[0] <= keep:
        return message
    start, end = message.cut
    body = message.content[start:end]
    body = body[: (keep + 1) // 2] + ELLIPSIS + body[len(body) - keep // 2 :]
    content = message.content[:start] + body + message.content[end:]
    return Message(role=message.role, content=content, cut=(start, start + len(body)))
