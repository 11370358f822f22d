"""Uploads and downloads, against a server that breaks connections."""

import hashlib
import io
import json
import re
import tempfile
import unittest
from pathlib import Path
from unittest import mock

import fakes  # noqa: F401
import httpx

from tidings_client import (
    ConflictError,
    InvalidError,
    NotFoundError,
    StoredFile,
    UnreachableError,
    files,
)
from tidings_client.calls import AsyncCalls
from tidings_client.files import CHUNK_BYTES, Source
from tidings_client.tokens import Token

URL = "http://tidings.example"
BYTES = bytes(range(256)) * 4096
RANGE = re.compile(r"bytes (\*|(\d+)-(\d+))/(\d+)")


class FileServer:
    """Stores one file. It answers the next requests for bytes as a test says."""

    def __init__(self) -> None:
        self.announced = None
        self.keys = []
        self.received = b""
        self.is_stored = False
        self.sent = []
        self.faults = []

    def answer(self, request):
        if request.url.path == "/v1/files":
            return self.reserve(request)
        fault = self.faults.pop(0) if self.faults else None
        if request.method == "GET":
            return self.read(request, fault)
        return self.receive(request, fault)

    def reserve(self, request):
        key = request.headers["Idempotency-Key"]
        is_new = key not in self.keys
        self.keys.append(key)
        self.announced = json.loads(request.content)
        body = {"id": "f1", "name": self.announced["name"], "position": 1}
        return httpx.Response(201 if is_new else 200, json=body)

    def receive(self, request, fault):
        if isinstance(fault, httpx.Response):
            return fault
        size = self.announced["size"]
        header = request.headers.get("Content-Range")
        offset = 0
        if header is not None:
            whole, first, last, total = RANGE.fullmatch(header).groups()
            if int(total) != size:
                raise AssertionError(header)
            if whole == "*":
                return self.state()
            offset = int(first)
            if int(last) - offset + 1 != int(request.headers["Content-Length"]):
                raise AssertionError(request.headers)
        self.sent.append(offset)
        if offset not in (0, len(self.received)):
            document = {"code": "wrong_offset", "received": len(self.received)}
            return httpx.Response(409, json=document)
        body = request.content if fault is None else request.content[:fault]
        self.received = self.received[:offset] + body
        if fault is not None:
            raise httpx.WriteError("the connection broke")
        return self.state()

    def state(self):
        size = self.announced["size"]
        if len(self.received) < size:
            state = "partial" if self.received else "reserved"
            body = {"state": state, "received": len(self.received), "size": size}
            return httpx.Response(202, json=body)
        digest = hashlib.sha256(self.received).hexdigest()
        if digest != self.announced["sha256"]:
            self.received = b""
            return httpx.Response(422, json={"code": "digest_mismatch"})
        self.is_stored = True
        facts = {"type": "text/plain", "width": None, "height": None, "position": 2}
        body = {"state": "stored", "size": size, "sha256": digest, **facts}
        return httpx.Response(200, json=body)

    def read(self, request, fault):
        if isinstance(fault, httpx.Response):
            return fault
        header = request.headers.get("Range")
        first = 0 if header is None else int(re.fullmatch(r"bytes=(\d+)-", header).group(1))
        self.sent.append(first)
        content = self.received[first:]
        headers = {"Content-Length": str(len(content))}
        stream = Broken(content if fault is None else content[:fault], fault is not None)
        return httpx.Response(200 if header is None else 206, headers=headers, stream=stream)


class Broken(httpx.AsyncByteStream):
    """Bytes, after which the connection may break."""

    def __init__(self, content, is_broken):
        self.content = content
        self.is_broken = is_broken

    async def __aiter__(self):
        yield self.content
        if self.is_broken:
            raise httpx.ReadError("the connection broke")


class Transfers(unittest.IsolatedAsyncioTestCase):
    """What is sent, and what is sent again."""

    def setUp(self):
        self.server = FileServer()
        self.reported = []

        async def sleep(_seconds):
            pass

        patcher = mock.patch("tidings_client.files.asyncio.sleep", sleep)
        patcher.start()
        self.addCleanup(patcher.stop)
        self.calls = AsyncCalls(base_url=URL, transport=httpx.MockTransport(self.server.answer))

    async def upload(self, content=BYTES, *, name="a.txt", key=None, patience=300.0):
        return await files.upload(
            self.calls,
            Source(content, name),
            media_type=None,
            key=key,
            progress=lambda done, size: self.reported.append((done, size)),
            patience=patience,
        )

    async def download(self, patience=300.0):
        sink = io.BytesIO()
        report = lambda done, size: self.reported.append((done, size))  # noqa: E731
        await files.download(self.calls, "f1", sink, seen=2, progress=report, patience=patience)
        return sink.getvalue()

    async def test_sends_the_bytes_with_their_digest(self):
        stored = await self.upload()
        digest = hashlib.sha256(BYTES).hexdigest()
        size = len(BYTES)
        expected = StoredFile("f1", "a.txt", "text/plain", size, digest, None, None, 2)
        self.assertEqual(stored, expected)
        self.assertEqual(self.server.received, BYTES)
        announced = {"name": "a.txt", "type": "text/plain", "size": size, "sha256": digest}
        self.assertEqual(self.server.announced, announced)
        steps = [(done, size) for done in range(0, size + 1, CHUNK_BYTES)]
        self.assertEqual(self.reported, steps)

    async def test_goes_on_where_the_connection_broke(self):
        self.server.faults = [300_000, None, 500_000]
        await self.upload()
        self.assertEqual(self.server.received, BYTES)
        self.assertEqual(self.server.sent, [0, 300_000, 800_000])

    async def test_an_empty_file_has_no_range(self):
        self.server.faults = [0]
        await self.upload(b"")
        self.assertTrue(self.server.is_stored)
        self.assertEqual(self.server.sent, [0, 0])
        self.assertEqual(self.reported, [(0, 0)])

    async def test_waits_for_the_connection_that_broke_and_for_a_busy_server(self):
        busy = httpx.Response(409, json={"code": "upload_in_progress"})
        away = httpx.Response(503, json={"code": "file_store_unavailable"})
        slow = httpx.Response(408, json={"code": "body_timeout"})
        self.server.faults = [100, None, busy, None, away, None, slow]
        await self.upload()
        self.assertEqual(self.server.received, BYTES)

    async def test_takes_the_offset_from_a_server_that_has_other_bytes(self):
        elsewhere = httpx.Response(409, json={"code": "wrong_offset", "received": 0})
        self.server.faults = [200_000, None, elsewhere]
        await self.upload()
        self.assertEqual(self.server.sent, [0, 0])
        self.assertEqual(self.server.received, BYTES)

    async def test_the_same_key_goes_on_with_an_earlier_run(self):
        self.server.faults = [400_000]
        with self.assertRaises(UnreachableError):
            await self.upload(key="k", patience=0)
        await self.upload(key="k")
        self.assertEqual(self.server.sent, [0, 400_000])
        await self.upload(key="k")
        self.assertEqual(self.server.sent, [0, 400_000])
        self.assertEqual(self.server.keys, ["k", "k", "k"])

    async def test_uploads_without_a_key_are_files_of_their_own(self):
        await self.upload()
        await self.upload()
        self.assertEqual(len(set(self.server.keys)), 2)

    async def test_a_refusal_is_final(self):
        for status, kind in {404: NotFoundError, 409: ConflictError, 422: InvalidError}.items():
            self.server.faults = [httpx.Response(status, json={"code": "no"})]
            with self.assertRaises(kind):
                await self.upload()

    async def test_bytes_need_a_name_and_a_path_has_one(self):
        with self.assertRaisesRegex(ValueError, "name='a.txt'"):
            Source(b"", None)
        with tempfile.TemporaryDirectory() as directory:
            path = Path(directory) / "menu.txt"
            path.write_bytes(b"noodles")
            stored = await self.upload(path, name=None)
            self.assertEqual((stored.name, self.server.received), ("menu.txt", b"noodles"))
            source = Source(path, None)
            path.write_bytes(b"noo")
            with self.assertRaisesRegex(EOFError, "shorter"):
                part = files.Part(source, 0, files.Report(None, source.size))
                _ = [chunk async for chunk in part]

    async def test_a_fresh_token_sends_the_bytes_again(self):
        tokens = iter(["old", "new"])
        seen = []

        def answer(request):
            seen.append((request.headers["Authorization"], len(request.content)))
            if request.method == "PUT" and request.headers["Authorization"] == "Bearer old":
                return httpx.Response(401, json={"code": "token_expired"})
            return self.server.answer(request)

        token = Token(lambda: next(tokens), URL, None)
        self.calls = AsyncCalls(base_url=URL, transport=httpx.MockTransport(answer), auth=token)
        await self.upload(b"noodles")
        self.assertEqual(seen[-2:], [("Bearer old", 7), ("Bearer new", 7)])

    async def test_a_download_goes_on_where_it_stopped(self):
        await self.upload()
        self.server.sent.clear()
        self.reported.clear()
        away = httpx.Response(503, json={"code": "unavailable"})
        self.server.faults = [300_000, away, 100_000]
        self.assertEqual(await self.download(), BYTES)
        self.assertEqual(self.server.sent, [0, 300_000, 400_000])
        size = len(BYTES)
        self.assertEqual(self.reported, [(300_000, size), (400_000, size), (size, size)])

    async def test_a_download_that_fails_leaves_no_file(self):
        await self.upload()
        with tempfile.TemporaryDirectory() as directory:
            path = Path(directory) / "b.txt"
            path.write_bytes(b"before")
            options = {"seen": 0, "progress": None, "patience": 0.0}
            self.server.faults = [1_000]
            with self.assertRaises(UnreachableError):
                await files.download_to(self.calls, "f1", path, **options)
            self.assertEqual([p.name for p in path.parent.iterdir()], ["b.txt"])
            self.assertEqual(path.read_bytes(), b"before")
            await files.download_to(self.calls, "f1", path, **options)
            self.assertEqual(path.read_bytes(), BYTES)

    def test_the_message_fits_the_bytes(self):
        def shown(media_type, width=None):
            return StoredFile("f", "n", media_type, 1, "", width, width).message_type

        self.assertEqual(shown("image/png", 3), "image")
        self.assertEqual(shown("image/x-icon"), "file")
        self.assertEqual([shown("audio/mpeg"), shown("video/mp4")], ["audio", "video"])
        self.assertEqual(shown("application/pdf"), "file")

    def test_the_file_of_a_message_has_a_key_of_its_own(self):
        key = files.key_of_message("k")
        self.assertEqual(key, files.key_of_message("k"))
        self.assertNotEqual(key, files.key_of_message("l"))
        self.assertIsNone(files.key_of_message(None))
