"""Batch mode pays for a few rows where all would fail in one way."""

import pytest

from meteor.chat.asking import FatalError
from meteor.chat.settings import ChatSettings
from meteor.core.records import Completion, Failed
from meteor.core.settings import Api
from tests.transport.batches import BatchServer
from tests.transport.server import Body, serving
from tests.transport.test_batch import API, batched, rows

ALIKE = r"the first 10 rows have all failed in one way: .*Nothing more is sent"


def cut(body: Body) -> tuple[str, str]:
    """An answer that the token limit cuts off."""
    return "This is half of", "length"


def lines(server: BatchServer) -> list[int]:
    """How many lines each file of requests had, in order."""
    return [len(text.splitlines()) for name, text in server.files.items() if name[:5] == "file-"]


def test_rows_that_all_fail_alike_are_paid_for_ten_of_them() -> None:
    with serving(BatchServer()) as server:
        server.write = cut
        for _ in range(2):  # the second time from the ledger
            with pytest.raises(FatalError, match=ALIKE):
                batched(server, 200)
            assert server.paid.total() == 10 and lines(server) == [10]


def test_lines_that_the_endpoint_refuses_alike_are_sent_once_for_ten_rows() -> None:
    with serving(BatchServer(lambda *_: "400")) as server:
        with pytest.raises(FatalError, match=ALIKE):
            batched(server, 100)
        assert server.tried.total() == 10


def test_the_rest_follows_when_one_row_has_ended_well() -> None:
    with serving(BatchServer()) as server:
        done = batched(server, 100)
        assert len(done) == 100 and all(isinstance(row, Completion) for row in done)
        assert lines(server) == [10, 90] and set(server.paid.values()) == {1}
        assert len(batched(server, 160)) == 160
        assert lines(server) == [10, 90, 60], "the ledger knows rows that end well"


def test_rows_that_fail_in_two_ways_hold_nothing_back() -> None:
    def mixed(body: Body) -> tuple[str, str]:
        number = int("".join(filter(str.isdigit, body["messages"][0]["content"])))
        return ("half", "length") if number % 2 else ("no", "content_filter")

    with serving(BatchServer()) as server:
        server.write = mixed
        done = batched(server, 100)
        assert len(done) == 100 and all(isinstance(row, Failed) for row in done)
        assert lines(server) == [10, 90]


@pytest.mark.parametrize(("count", "allowed"), [(50, 10), (100, None)])
def test_few_rows_and_whoever_wants_no_stop_go_at_once(count: int, allowed: int | None) -> None:
    api: Api = API.model_copy(update={"first_failures": allowed})
    with serving(BatchServer()) as server:
        server.write = cut
        done = batched(server, count, api)
        assert len(done) == count == server.paid.total() and lines(server) == [count]
        settings = ChatSettings(base_url=server.url, model="strong", mode="batch")
        assert {row.id for row in done} == {row.id for row in rows(count, settings)}
