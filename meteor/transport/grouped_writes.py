"""Writing together: what several tasks ask of the ledger at one moment is one transaction."""

import asyncio
from collections.abc import Callable, Sequence
from typing import Generic, TypeVar

T = TypeVar("T")
R = TypeVar("R")


class Together(Generic[T, R]):
    """Calls `do` with all that was asked in one turn of the event loop; each asker gets its own
    result, or the one error.
    """

    def __init__(self, do: Callable[[Sequence[T]], Sequence[R]]) -> None:
        self._do = do
        self._asked: list[tuple[T, asyncio.Future[R]]] = []

    async def __call__(self, what: T) -> R:
        """What `do` makes of it."""
        loop = asyncio.get_running_loop()
        future: asyncio.Future[R] = loop.create_future()
        self._asked.append((what, future))
        if len(self._asked) == 1:
            loop.call_soon(self._run)
        return await future

    def _run(self) -> None:
        asked, self._asked = self._asked, []
        try:
            results = self._do([what for what, _ in asked])
        except Exception as error:
            for _, future in asked:
                if not future.done():
                    future.set_exception(error)
            return
        for (_, future), result in zip(asked, results, strict=True):
            if not future.done():
                future.set_result(result)
