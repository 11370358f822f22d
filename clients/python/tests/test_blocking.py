"""The synchronous client, against a server on a thread that sends one entry and is silent."""

import asyncio
import contextlib
import http
import json
import signal
import threading
import unittest

from fakes import entry
from websockets.asyncio.server import serve
from websockets.exceptions import ConnectionClosed

from tidings_client import MemoryCursorStore, SyncClient

CLOSE_SECONDS = 10


def interrupt():
    """Presses Ctrl-C."""
    signal.pthread_kill(threading.main_thread().ident, signal.SIGINT)


class SilentServer:
    """Runs on a thread of its own while it is entered."""

    def __enter__(self):
        self.loop = asyncio.new_event_loop()
        self.closed = threading.Event()
        self.server = self.loop.run_until_complete(self.serve())
        self.thread = threading.Thread(target=self.loop.run_forever)
        self.thread.start()
        return f"http://127.0.0.1:{self.server.sockets[0].getsockname()[1]}", self

    def __exit__(self, *_):
        self.loop.call_soon_threadsafe(self.loop.stop)
        self.thread.join()
        self.server.close()
        self.loop.run_until_complete(self.server.wait_closed())
        self.loop.close()

    async def serve(self):
        return await serve(self.handle, "127.0.0.1", 0, process_request=self.answer)

    async def handle(self, socket):
        frame = {"type": "entry", "entry": entry(6), "cursor": "6.t"}
        await socket.send(json.dumps(frame))
        with contextlib.suppress(ConnectionClosed):
            await socket.recv()
        self.closed.set()

    def answer(self, connection, request):
        if request.path.startswith("/v1/live"):
            return None
        response = connection.respond(http.HTTPStatus.OK, "{}")
        response.headers["Tidings-Cursor"] = "5.t"
        return response


class Blocking(unittest.TestCase):
    """Loops without asyncio."""

    def test_a_loop_that_is_left_closes_its_connection(self):
        store = MemoryCursorStore()
        with SilentServer() as (url, server), SyncClient(url, "T") as client:
            for event in client.entries(store=store):
                self.assertEqual(event.position, 6)
                break
            self.assertTrue(server.closed.wait(CLOSE_SECONDS))
            self.assertEqual(store.load(), "5.t")

    def test_an_interrupt_from_the_keyboard_ends_a_loop(self):
        # A shell that starts programs in the background lets them ignore it.
        before = signal.signal(signal.SIGINT, signal.default_int_handler)
        self.addCleanup(signal.signal, signal.SIGINT, before)
        store = MemoryCursorStore()
        with SilentServer() as (url, server), SyncClient(url, "T") as client:
            with self.assertRaises(KeyboardInterrupt):
                for _ in client.entries(store=store):
                    # The first entry is handled; there is no second one.
                    threading.Timer(0.1, interrupt).start()
            self.assertTrue(server.closed.wait(CLOSE_SECONDS))
            self.assertEqual(store.load(), "6.t")

    def test_works_while_a_loop_runs_and_closes_twice(self):
        async def notebook(url):
            client = SyncClient(url, lambda: "T")
            event = next(iter(client.entries()))
            client.close()
            client.close()
            return event.position

        with SilentServer() as (url, _):
            self.assertEqual(asyncio.run(notebook(url)), 6)
