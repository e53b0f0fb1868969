"""The waves of batch mode: all rows whose reply is not there yet, then those whose reply asks for a
repair. Of many rows a few go first, so that what would fail for all is paid for these alone.
"""

from collections.abc import Awaitable, Callable, Iterator
from typing import Any

from meteor.chat.asking import Conversation, Request
from meteor.core.records import Failed
from meteor.transport.batch import Batches, Wave
from meteor.transport.client import ChatClient
from meteor.transport.wire import Wire

Give = Callable[[Any], Awaitable[None]]
Asking = tuple[Conversation, Request]
WORTH = 5
"""How many times `api.first_failures` there must be for a batch of the first few alone: it takes as
long as any other.
"""


async def serve(client: ChatClient, conversations: Iterator[Conversation], give: Give) -> None:
    """Have all conversations answered and hand over their results. Raises FatalError where the
    first ones all fail alike, before the others are sent.
    """
    settings = client.settings
    wire = Wire(settings.base_url, settings.api_key, client.api.timeout, 4)
    try:
        waiting = [(conversation, conversation.request) for conversation in conversations]
        while waiting:
            asked, held = _first(client, waiting)
            wave = Wave({request.key(settings.base_url): request for _, request in asked})
            await Batches(client, wire, wave).run()
            again: list[Asking] = []
            for conversation, request in asked:
                key = request.key(settings.base_url)
                if key in wave.failures:
                    result: Any = Failed(id=conversation.id, error=wave.failures[key])
                else:
                    result = conversation.take(wave.replies[key])
                if isinstance(result, Request):
                    again.append((conversation, result))
                    continue
                if held:
                    client.note(result)
                await give(result)
            waiting = again + held
    finally:
        await wire.close()


def _first(client: ChatClient, waiting: list[Asking]) -> tuple[list[Asking], list[Asking]]:
    """What goes now, and what is held back: as long as no row of many has ended well, all but those
    that the ledger answers, or else all but the first few.
    """
    few = client.first.allowed
    if few is None or not client.first.undecided or len(waiting) <= WORTH * few:
        return waiting, []
    url = client.settings.base_url
    known = [row for row in waiting if client.known(row[1].key(url), row[1])]
    if not known:
        return waiting[:few], waiting[few:]
    ids = {id(row) for row in known}
    return known, [row for row in waiting if id(row) not in ids]
