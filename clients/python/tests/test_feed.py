"""The sync core, against a server that does what each test tells it."""

import asyncio
import unittest
from unittest import mock

from fakes import FakeConnection, FakeServer, batch, take

from tidings_client import (
    CursorExpiredError,
    DeviceReplacedError,
    InboxSnapshot,
    MemoryCursorStore,
    UnauthorizedError,
    UnreachableError,
)
from tidings_client.feed import Feed, FeedOptions
from tidings_client.live import LiveLostError
from tidings_client.problems import problem_from

LOST = LiveLostError("reset", opened=True)
REFUSED = LiveLostError("502", opened=False)
DOWN = UnreachableError("connection refused")
EXPIRED = problem_from({"status": 410, "code": "cursor_expired"})
UNAUTHORIZED = problem_from({"status": 401, "code": "token_expired"})


class FeedTest(unittest.IsolatedAsyncioTestCase):
    """Waits only where a test says so."""

    def setUp(self):
        sleep = asyncio.sleep
        self.slept = []

        def record(seconds):
            self.slept.append(seconds)
            return sleep(0)

        patcher = mock.patch("tidings_client.feed.asyncio.sleep", record)
        patcher.start()
        self.addCleanup(patcher.stop)


class Order(FeedTest):
    """Which entries come."""

    async def test_entries_come_in_order(self):
        server = FakeServer(FakeConnection(batch("1.t", "a"), batch("2.t", "a", "b")))
        self.assertEqual(await take(server, 3), [(1, "a"), (2, "a"), (2, "b")])

    async def test_repetitions_are_dropped(self):
        script = [batch("1.t", "a"), batch("2.t", "a", "b"), batch("1.t", "a")]
        script += [batch("2.t", "a", "b"), batch("3.t", "a", "a")]
        expected = [(1, "a"), (2, "a"), (2, "b"), (3, "a"), (4, "a")]
        server = FakeServer(FakeConnection(*script, batch("4.t", "a")))
        self.assertEqual(await take(server, 5), expected)

    async def test_a_lost_connection_resumes_after_the_last_handled_entry(self):
        first = FakeConnection(batch("1.t", "a"), LOST)
        server = FakeServer(first, FakeConnection(batch("1.t", "a"), batch("2.t", "a")))
        self.assertEqual(await take(server, 2), [(1, "a"), (2, "a")])
        self.assertEqual(server.opened_after, ["0.t", "1.t"])
        self.assertTrue(first.is_closed)

    async def test_an_expired_cursor_yields_the_inbox_and_goes_on_at_a_lower_position(self):
        server = FakeServer(
            FakeConnection(batch("8.t", "a"), batch("9.t", "a"), EXPIRED),
            FakeConnection(batch("6.u", "a"), batch("7.u", "a")),
            inboxes=["5.u"],
        )
        store = MemoryCursorStore()
        *entries, snapshot, sixth, seventh = await take(server, 5, store=store)
        self.assertIsInstance(snapshot, InboxSnapshot)
        self.assertIs(snapshot.reason, EXPIRED)
        self.assertEqual([*entries, sixth, seventh], [(8, "a"), (9, "a"), (6, "a"), (7, "a")])
        self.assertEqual(server.opened_after, ["0.t", "5.u"])
        self.assertEqual(store.load(), "6.u")

    async def test_without_following_it_ends_at_the_end_of_the_feed(self):
        pages = [(batch("1.t", "a"), True), (batch("2.t", "b"), False)]
        server = FakeServer(pages=pages)
        store = MemoryCursorStore()
        taken = await take(server, 9, after="0", follow=False, store=store, device="d")
        self.assertEqual(taken, [(1, "a"), (2, "b")])
        self.assertEqual(server.polled_after, ["0", "1.t"])
        self.assertEqual([store.load(), server.acknowledged[-1]], ["2.t", "2.t"])


class Cursor(FeedTest):
    """Where a run starts, and what it leaves for the next one."""

    async def test_the_stored_cursor_wins(self):
        server = FakeServer(FakeConnection(batch("6.t", "a")))
        await take(server, 1, after="0", store=MemoryCursorStore("5.t"))
        self.assertEqual(server.opened_after, ["5.t"])

    async def test_the_first_run_starts_now_and_a_restart_there(self):
        store = MemoryCursorStore()
        server = FakeServer(FakeConnection(batch("8.t", "a")), now="7.t")
        await take(server, 1, store=store)
        # The only entry was not handled: its loop body did not end.
        self.assertEqual(store.load(), "7.t")

    async def test_a_position_counts_as_handled_when_all_its_entries_are(self):
        store = MemoryCursorStore()
        server = FakeServer(FakeConnection(batch("1.t", "a"), batch("2.t", "a", "b")))
        await take(server, 2, store=store)
        self.assertEqual(store.load(), "1.t")
        server = FakeServer(FakeConnection(batch("2.t", "a", "b"), batch("3.t", "a")))
        self.assertEqual(await take(server, 3, store=store), [(2, "a"), (2, "b"), (3, "a")])
        self.assertEqual(store.load(), "2.t")

    async def test_the_end_of_the_backlog_moves_the_cursor(self):
        store = MemoryCursorStore()
        server = FakeServer(FakeConnection(batch("5.t"), batch("6.t", "a")))
        await take(server, 1, store=store)
        self.assertEqual(store.load(), "5.t")

    async def test_acknowledges_after_the_body_and_again_on_a_new_connection(self):
        first = FakeConnection(batch("1.t", "a"), None, LOST)
        second = FakeConnection(None, batch("2.t", "a"))
        await take(FakeServer(first, second), 2, device="d")
        self.assertEqual([first.acknowledged, second.acknowledged], [["0.t", "1.t"], ["1.t"]])


class Errors(FeedTest):
    """What ends a run, and what does not."""

    async def test_waits_as_long_as_the_server_asks(self):
        closed = LiveLostError("shutting down", opened=True, retry_after=40)
        server = FakeServer(FakeConnection(closed), FakeConnection(batch("1.t", "a")))
        await take(server, 1)
        [seconds] = self.slept
        self.assertTrue(40 <= seconds <= 44, seconds)

    async def test_waits_longer_after_each_failure(self):
        server = FakeServer(*[REFUSED] * 8, FakeConnection(batch("1.t", "a")), pages=[DOWN])
        await take(server, 1)
        self.assertEqual(len(self.slept), 8)
        self.assertTrue(self.slept[0] < 1 and 10 <= self.slept[7] <= 20, self.slept)

    async def test_polls_while_no_live_connection_can_be_opened(self):
        pages = [(batch("1.t", "a"), True), (batch("2.t", "a"), False), (batch("2.t"), False)]
        server = FakeServer(REFUSED, FakeConnection(batch("3.t", "a")), pages=pages)
        self.assertEqual(await take(server, 3), [(1, "a"), (2, "a"), (3, "a")])
        self.assertEqual(server.opened_after, ["0.t", "2.t"])
        self.assertTrue(all(1.6 <= seconds <= 2.4 for seconds in self.slept))

    async def test_a_refused_token_is_renewed(self):
        connections = [FakeConnection(UNAUTHORIZED), FakeConnection(batch("1.t", "a"))]
        self.assertEqual(await take(FakeServer(*connections, renewable=True), 1), [(1, "a")])

    async def test_a_token_that_is_refused_again_and_again_ends_it(self):
        server = FakeServer(*[UNAUTHORIZED] * 9, renewable=True)
        with self.assertRaises(UnauthorizedError):
            await take(server, 1)
        self.assertEqual(len(server.opened_after), 4)

    async def test_what_no_attempt_can_overcome_ends_it(self):
        for error in (UNAUTHORIZED, DeviceReplacedError("d"), problem_from({"status": 403})):
            with self.assertRaises(type(error)):
                await take(FakeServer(FakeConnection(error)), 1)

    async def test_the_inbox_is_fetched_again_when_that_fails(self):
        server = FakeServer(FakeConnection(EXPIRED), FakeConnection(batch("6.u", "a")))
        inboxes = iter([DOWN, InboxSnapshot([], 0, "5.u", EXPIRED)])

        async def fetch_inbox(_):
            item = next(inboxes)
            if isinstance(item, Exception):
                raise item
            return item

        server.fetch_inbox = fetch_inbox
        snapshot, after = await take(server, 2)
        self.assertEqual([snapshot.cursor, after], ["5.u", (6, "a")])

    async def test_cancelling_stores_what_was_handled_and_closes(self):
        store = MemoryCursorStore()
        connection = FakeConnection(batch("1.t", "a"))
        feed = Feed(FakeServer(connection), FeedOptions(store=store))

        async def follow():
            async for _ in feed.events():
                pass

        task = asyncio.create_task(follow())
        while connection.script:
            await asyncio.sleep(0)
        await asyncio.sleep(0)
        task.cancel()
        with self.assertRaises(asyncio.CancelledError):
            await task
        self.assertEqual(store.load(), "1.t")
        self.assertTrue(connection.is_closed)


class Expired(unittest.TestCase):
    """The statuses as classes."""

    def test_is_an_expired_cursor(self):
        self.assertIsInstance(EXPIRED, CursorExpiredError)
