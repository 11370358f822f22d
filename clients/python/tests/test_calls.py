"""Sends, problems and tokens, against a function that answers."""

import datetime
import http.server
import json
import threading
import unittest
from unittest import mock

import httpx
from fakes import text_message

import tidings_client
from tidings_client import (
    ConflictError,
    InvalidError,
    NotFoundError,
    ProblemError,
    ServerError,
    TooManyRequestsError,
    UnauthorizedError,
    UnavailableError,
    UnreachableError,
)
from tidings_client.calls import AsyncCalls, Calls
from tidings_client.generated.models import Held, Scheduled, Sent
from tidings_client.problems import parse_retry_after
from tidings_client.sending import describe_message, send_until_answered
from tidings_client.tokens import Token

SENT = {"conversation_id": "lunch", "seq": 1, "position": 2, "sent_at": "2026-11-29T08:00:00Z"}
URL = "http://tidings.example"


class Sending(unittest.IsolatedAsyncioTestCase):
    """What is sent again, and what is not."""

    def setUp(self):
        self.requests = []
        self.slept = []

        async def sleep(seconds):
            self.slept.append(seconds)

        patcher = mock.patch("tidings_client.calls.asyncio.sleep", sleep)
        patcher.start()
        self.addCleanup(patcher.stop)

    async def send(self, *answers, patience=300.0, **fields):
        answers = iter(answers)

        def answer(request):
            self.requests.append(json.loads(request.content))
            self.path = request.url.raw_path
            item = next(answers)
            if isinstance(item, Exception):
                raise item
            return item

        calls = AsyncCalls(base_url=URL, transport=httpx.MockTransport(answer))
        message = describe_message("Hello", **fields)
        return await send_until_answered(calls, "a/b", message, patience)

    async def test_repeats_the_same_message_until_it_is_answered(self):
        lost = [httpx.ReadTimeout(""), httpx.ConnectError("refused"), httpx.Response(502)]
        sent = await self.send(*lost, httpx.Response(200, json=SENT))
        self.assertIsInstance(sent, Sent)
        self.assertEqual(self.path, b"/v1/conversations/a%2Fb/messages")
        self.assertEqual(len(self.requests), 4)
        self.assertTrue(all(request == self.requests[0] for request in self.requests))

    async def test_each_call_sends_a_message_of_its_own(self):
        for _ in range(2):
            await self.send(httpx.Response(201, json=SENT))
        first, second = (request["client_message_id"] for request in self.requests)
        self.assertNotEqual(first, second)

    async def test_waits_as_long_as_the_server_asks(self):
        busy = httpx.Response(429, headers={"Retry-After": "20"}, json={"code": "slow_mode"})
        await self.send(busy, httpx.Response(201, json=SENT))
        [seconds] = self.slept
        self.assertTrue(20 <= seconds <= 22, seconds)

    async def test_gives_up_when_its_patience_ends_and_names_the_key(self):
        with self.assertRaises(UnavailableError) as caught:
            await self.send(httpx.Response(503), patience=0, client_message_id="k")
        self.assertIn("'k'", caught.exception.__notes__[0])

    async def test_a_refusal_is_final(self):
        for status, kind in {404: NotFoundError, 409: ConflictError, 422: InvalidError}.items():
            with self.assertRaises(kind):
                await self.send(httpx.Response(status, json={"code": "c", "detail": "d"}))
        self.assertEqual(self.slept, [])

    async def test_a_scheduled_message_waits(self):
        at = datetime.datetime(2026, 12, 24, tzinfo=datetime.UTC)
        waiting = {"scheduled_id": "s", "send_at": "2026-12-24T00:00:00Z", "position": 3}
        answer = await self.send(httpx.Response(202, json=waiting), send_at=at)
        self.assertIsInstance(answer, Scheduled)
        self.assertEqual(self.requests[0]["send_at"], "2026-12-24T00:00:00+00:00")
        held = httpx.Response(202, json={"state": "held", "held_id": "h", "position": 3})
        self.assertIsInstance(await self.send(held), Held)
        with self.assertRaisesRegex(ValueError, "time zone"):
            await self.send(send_at=datetime.datetime(2026, 12, 24))  # noqa: DTZ001


class History(unittest.IsolatedAsyncioTestCase):
    """Pages of messages."""

    async def test_pages_and_repeats_until_the_end(self):
        asked = []

        def answer(request):
            asked.append(request.url.params["after"])
            if len(asked) == 2:
                return httpx.Response(503)
            after = int(asked[-1])
            messages = [text_message(seq) for seq in (after + 1, after + 2)]
            return httpx.Response(200, json={"messages": messages, "has_more": after < 2})

        client = tidings_client.Client(URL, "T")
        client._server.calls = AsyncCalls(base_url=URL, transport=httpx.MockTransport(answer))
        with mock.patch("tidings_client.calls.asyncio.sleep", mock.AsyncMock()):
            seqs = [message.seq async for message in client.history("lunch")]
        self.assertEqual((seqs, asked), ([1, 2, 3, 4], ["0", "2", "2"]))


class Problems(unittest.IsolatedAsyncioTestCase):
    """Answers as exceptions."""

    async def problem(self, response):
        calls = AsyncCalls(base_url=URL, transport=httpx.MockTransport(lambda _: response))
        with self.assertRaises(ProblemError) as caught:
            await calls.get("/")
        return caught.exception

    async def test_has_the_parts_of_the_document(self):
        errors = [{"field": "body.text", "message": "too long"}]
        document = {"code": "invalid", "detail": "No.", "errors": errors, "limit": 3}
        error = await self.problem(httpx.Response(422, json=document))
        self.assertIsInstance(error, InvalidError)
        self.assertEqual(str(error), "422 invalid: No.; body.text: too long")
        self.assertEqual((error.errors, error.document["limit"]), ([("body.text", "too long")], 3))

    async def test_a_proxy_answers_with_something_else(self):
        error = await self.problem(httpx.Response(502, text="<html>Bad Gateway"))
        self.assertIsInstance(error, ServerError)
        self.assertEqual((error.code, error.detail), ("http_502", "<html>Bad Gateway"))
        self.assertTrue(error.is_temporary)

    async def test_says_when_to_come_back(self):
        error = await self.problem(httpx.Response(429, headers={"Retry-After": "3"}))
        self.assertIsInstance(error, TooManyRequestsError)
        self.assertEqual(error.retry_after, 3)

    def test_reads_dates(self):
        self.assertEqual(parse_retry_after("Sat, 01 Jan 2000 00:00:00 GMT"), 0)
        self.assertIsNone(parse_retry_after("soon"))
        self.assertIsNone(parse_retry_after(None))

    async def test_a_broken_connection_is_temporary_and_a_wrong_request_is_not(self):
        def fail(request):
            kind = httpx.ReadError if request.url.path == "/" else httpx.LocalProtocolError
            raise kind("why")

        calls = AsyncCalls(base_url=URL, transport=httpx.MockTransport(fail))
        with self.assertRaisesRegex(UnreachableError, "GET http://tidings.example/: why"):
            await calls.get("/")
        with self.assertRaises(httpx.LocalProtocolError):
            await calls.get("/wrong")

    def test_the_address_needs_a_scheme(self):
        with self.assertRaisesRegex(ValueError, "expected http"):
            tidings_client.Client("127.0.0.1:8080", "T")

    def test_a_loop_starts_at_a_cursor(self):
        with self.assertRaisesRegex(ValueError, "'today' is no cursor"):
            tidings_client.Client(URL, "T").entries(after="today")


class Tokens(unittest.IsolatedAsyncioTestCase):
    """A server that accepts only the second token."""

    def setUp(self):
        self.given = iter(["first", "second", "third"])
        self.seen = []

    def answer(self, request):
        self.seen.append(request.headers["Authorization"])
        return httpx.Response(200 if self.seen[-1] == "Bearer second" else 401)

    async def ask(self):
        return next(self.given)

    async def test_renews_a_refused_token_once(self):
        transport = httpx.MockTransport(self.answer)
        calls = AsyncCalls(base_url=URL, auth=Token(self.ask, URL), transport=transport)
        await calls.get("/")
        await calls.get("/")
        self.assertEqual(self.seen, ["Bearer first", "Bearer second", "Bearer second"])

    def test_renews_without_asyncio_too(self):
        transport = httpx.MockTransport(self.answer)
        auth = Token(lambda: next(self.given), URL)
        calls = Calls(base_url=URL, auth=auth, transport=transport)
        calls.get("/")
        self.assertEqual(self.seen, ["Bearer first", "Bearer second"])

    async def test_a_text_cannot_be_renewed(self):
        transport = httpx.MockTransport(self.answer)
        calls = AsyncCalls(base_url=URL, auth=Token("other", URL), transport=transport)
        with self.assertRaises(UnauthorizedError):
            await calls.get("/")
        self.assertEqual(self.seen, ["Bearer other"])


class Accounts(http.server.BaseHTTPRequestHandler):
    """A server of local accounts that accepts every other token."""

    def do_POST(self):
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.server.bodies.append((self.path, body))
        self.answer(201, {"token": str(len(self.server.bodies))})

    def do_GET(self):
        is_even = self.headers["Authorization"] in ("Bearer 2", "Bearer 4")
        self.answer(200 if is_even else 401, {})

    def answer(self, status, document):
        content = json.dumps(document).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_):
        pass


class Passwords(unittest.IsolatedAsyncioTestCase):
    """Local accounts."""

    async def test_signs_in_and_again_when_the_token_is_refused(self):
        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Accounts)
        server.bodies = []
        self.addCleanup(server.server_close)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        self.addCleanup(server.shutdown)
        url = f"http://127.0.0.1:{server.server_port}"
        password = tidings_client.Password("bot", "a long password")
        async with AsyncCalls(base_url=url, auth=Token(password, url)) as calls:
            await calls.get("/")
        with Calls(base_url=url, auth=Token(password, url)) as calls:
            calls.get("/")
        body = {"user": "bot", "password": "a long password"}
        self.assertEqual(server.bodies, [("/v1/sessions", body)] * 4)
        self.assertNotIn("long", repr(password))
