"""Writing together: what several tasks ask of the ledger at one moment is one transaction."""

import asyncio
from collections.abc import Callable, Sequence
from concurrent.futures import Executor
from typing import Generic, TypeVar

T = TypeVar("T")
R = TypeVar("R")


class Together(Generic[T, R]):
    """Calls `do` with all that was asked in one turn of the event loop; each asker gets its own
    result, or the one error. With `beside`, an executor of one thread, the loop goes on meanwhile:
    a ledger that is locked for a minute must not make replies on their way look late.
    """

    def __init__(
        self, do: Callable[[Sequence[T]], Sequence[R]], beside: Executor | None = None
    ) -> None:
        self._do, self._beside = do, beside
        self._asked: list[tuple[T, asyncio.Future[R]]] = []
        self._running: asyncio.Task[None] | None = None

    async def __call__(self, what: T) -> R:
        """What `do` makes of it."""
        loop = asyncio.get_running_loop()
        future: asyncio.Future[R] = loop.create_future()
        self._asked.append((what, future))
        if self._beside and not self._running:
            self._running = loop.create_task(self._run_beside(self._beside))
        elif not self._beside and len(self._asked) == 1:
            loop.call_soon(self._run)
        return await future

    async def _run_beside(self, executor: Executor) -> None:
        """One after the other; what is asked meanwhile waits for the next."""
        await asyncio.sleep(0)
        while self._asked:
            asked, self._asked = self._asked, []
            whats = [what for what, _ in asked]
            try:
                results = await asyncio.get_running_loop().run_in_executor(
                    executor, self._do, whats
                )
            except Exception as error:
                _fail(asked, error)
            else:
                _give(asked, results)
        self._running = None

    def _run(self) -> None:
        asked, self._asked = self._asked, []
        try:
            results = self._do([what for what, _ in asked])
        except Exception as error:
            _fail(asked, error)
        else:
            _give(asked, results)


def _give(asked: Sequence[tuple[T, "asyncio.Future[R]"]], results: Sequence[R]) -> None:
    for (_, future), result in zip(asked, results, strict=True):
        if not future.done():
            future.set_result(result)


def _fail(asked: Sequence[tuple[T, "asyncio.Future[R]"]], error: Exception) -> None:
    for _, future in asked:
        if not future.done():
            future.set_exception(error)
