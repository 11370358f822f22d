"""The live connection, against a WebSocket server that each test scripts."""

import asyncio
import contextlib
import http
import json
import unittest

from fakes import entry
from websockets.asyncio.server import serve
from websockets.exceptions import ConnectionClosed

from tidings_client import (
    CursorExpiredError,
    DeviceReplacedError,
    ForbiddenError,
    UnauthorizedError,
    UnknownEntry,
)
from tidings_client.entries import parse_entry
from tidings_client.live import LiveLostError, PositionGroup, open_live


def frame(position, conversation="lunch", more=False):
    """An entry frame, as the server sends it."""
    text = {"type": "entry", "entry": entry(position, conversation), "cursor": f"{position}.t"}
    return json.dumps({**text, "more": True} if more else text)


class Live(unittest.IsolatedAsyncioTestCase):
    """One connection for each test."""

    async def connect(self, *frames, close=None, refuse=None):
        """A connection to a server that sends these frames, and perhaps closes."""

        async def handle(socket):
            self.path = socket.request.path
            self.authorization = socket.request.headers["Authorization"]
            for text in frames:
                await socket.send(text)
            if close:
                await socket.close(*close)
            with contextlib.suppress(ConnectionClosed):
                async for text in socket:
                    self.received.append(json.loads(text))

        def answer(connection, _):
            if refuse is None:
                return None
            status, headers, body = refuse
            response = connection.respond(http.HTTPStatus(status), body)
            response.headers.update(headers)
            return response

        self.received = []
        server = await serve(handle, "127.0.0.1", 0, process_request=answer)
        self.addAsyncCleanup(server.wait_closed)
        self.addCleanup(server.close)
        port = server.sockets[0].getsockname()[1]
        connection = await open_live(
            f"http://127.0.0.1:{port}", "T", after="5.t", device="my phone", ssl_context=None
        )
        self.addAsyncCleanup(connection.close)
        return connection

    async def refusal(self, *frames, close):
        connection = await self.connect(*frames, close=close)
        with self.assertRaises(Exception) as caught:
            await connection.receive(5)
        return caught.exception

    async def test_names_the_cursor_the_device_and_the_token(self):
        connection = await self.connect(frame(6))
        await connection.receive(5)
        self.assertEqual(self.path, "/v1/live?after=5.t&device=my+phone")
        self.assertEqual(self.authorization, "Bearer T")

    async def test_a_position_is_complete_with_its_last_entry(self):
        connection = await self.connect(frame(6, "a", more=True), frame(6, "b"))
        batch = await connection.receive(5)
        self.assertEqual([e.conversation_id for e in batch.entries], ["a", "b"])
        self.assertEqual(batch.cursor, "6.t")

    async def test_the_end_of_the_backlog_has_a_cursor_and_no_entries(self):
        connection = await self.connect('{"type": "caught_up", "cursor": "9.t"}')
        batch = await connection.receive(5)
        self.assertEqual((batch.entries, batch.cursor), ([], "9.t"))

    async def test_unknown_frames_are_ignored_and_unknown_entries_are_delivered(self):
        later = {**entry(6), "type": "later", "data": {"new": 1}}
        text = json.dumps({"type": "entry", "entry": later, "cursor": "6.t"})
        connection = await self.connect('{"type": "later"}', text)
        [received] = (await connection.receive(5)).entries
        self.assertIsInstance(received, UnknownEntry)
        self.assertEqual((received.type_, received.data), ("later", {"new": 1}))

    async def test_the_time_is_up(self):
        connection = await self.connect()
        self.assertIsNone(await connection.receive(0.01))

    async def test_acknowledges(self):
        connection = await self.connect(frame(6))
        await connection.receive(5)
        await connection.acknowledge("6.t")
        while not self.received:
            await asyncio.sleep(0.001)
        self.assertEqual(self.received, [{"type": "ack", "cursor": "6.t"}])

    async def test_shutting_down_says_when_to_come_back(self):
        problem = {"type": "problem", "status": 503, "code": "shutdown", "retry_after": 7}
        error = await self.refusal(json.dumps(problem), close=(1013, "shutdown"))
        self.assertIsInstance(error, LiveLostError)
        self.assertEqual((error.opened, error.retry_after), (True, 7))

    async def test_close_codes_are_exceptions(self):
        problem = {"type": "problem", "status": 410, "code": "cursor_ahead", "head": 4}
        error = await self.refusal(json.dumps(problem), close=(4410, "cursor_ahead"))
        self.assertIsInstance(error, CursorExpiredError)
        self.assertEqual((error.code, error.document["head"]), ("cursor_ahead", 4))
        kinds = {4401: UnauthorizedError, 4403: ForbiddenError, 4409: DeviceReplacedError}
        for code, kind in kinds.items():
            self.assertIsInstance(await self.refusal(close=(code, "why")), kind)
        for code in (1000, 1001, 1008, 4408):
            self.assertIsInstance(await self.refusal(close=(code, "why")), LiveLostError)

    async def test_nonsense_ends_the_connection(self):
        for text in ("<html>", "[]", '{"type": "entry"}', '{"type": "caught_up", "cursor": "x"}'):
            connection = await self.connect(text)
            with self.assertRaises(LiveLostError):
                await connection.receive(5)

    async def test_a_refused_upgrade_says_why(self):
        cases = {401: UnauthorizedError, 410: CursorExpiredError, 502: LiveLostError}
        for status, kind in cases.items():
            with self.assertRaises(kind):
                await self.connect(refuse=(status, {}, "no"))
        with self.assertRaises(LiveLostError) as caught:
            await self.connect(refuse=(503, {"Retry-After": "9"}, '{"code": "too_many_live"}'))
        self.assertEqual((caught.exception.opened, caught.exception.retry_after), (False, 9))

    async def test_nobody_listens(self):
        with self.assertRaises(LiveLostError) as caught:
            await open_live("http://127.0.0.1:1", "T", after="0", device=None, ssl_context=None)
        self.assertFalse(caught.exception.opened)


class Groups(unittest.TestCase):
    """Entries of one position."""

    def test_the_server_starts_again_in_the_middle_of_a_position(self):
        group = PositionGroup()
        sixth, seventh = parse_entry(entry(6, "a")), parse_entry(entry(7, "a"))
        self.assertIsNone(group.add(seventh, "7.t", more=True))
        self.assertEqual(group.add(sixth, "6.t", more=False).entries, [sixth])
        self.assertIsNone(group.add(seventh, "7.t", more=True))
        self.assertIsNone(group.add(seventh, "7.t", more=True))
        other = parse_entry(entry(7, "b"))
        self.assertEqual(group.add(other, "7.t", more=False).entries, [seventh, other])
