"""Uploads and downloads of files, which go on where they stopped."""

from __future__ import annotations

import asyncio
import hashlib
import io
import logging
import mimetypes
import os
import time
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO
from urllib.parse import quote
from uuid import NAMESPACE_URL, uuid4, uuid5

import httpx

from .backoff import Backoff
from .calls import BROKEN, AsyncCalls, repeat, unreachable
from .problems import ProblemError, TidingsError, UnreachableError

logger = logging.getLogger("tidings_client")

#: What can be uploaded: the path of a file, or bytes.
Content = str | os.PathLike[str] | bytes | bytearray | memoryview

#: Is called with the bytes that were sent or received so far, and with all.
Progress = Callable[[int, int], object]

CHUNK_BYTES = 256 * 1024
OCTETS = "application/octet-stream"
REQUEST_TIMEOUT = 408
PARTIAL_CONTENT = 206
#: The server still waits for the connection that broke, or has other bytes than the client thinks.
RESUMABLE = {"upload_in_progress", "wrong_offset"}
#: The types of messages for the first part of a media type.
MESSAGE_TYPES = {"image": "image", "audio": "audio", "video": "video"}


@dataclass(frozen=True)
class StoredFile:
    """A file that the server has.

    Attributes:
        id: What a message names in `body.file`.
        name: The name as the server keeps it.
        type: The media type that the bytes have, whatever the name says.
        size: The number of bytes.
        sha256: Their SHA-256 in hexadecimal digits.
        width: The width of an image in pixels.
        height: The height of an image in pixels.
    """

    id: str
    name: str
    type: str
    size: int
    sha256: str
    width: int | None
    height: int | None

    @property
    def message_type(self) -> str:
        """The type of a message that shows the file: `image`, `audio`, `video` or `file`."""
        if self.type.startswith("image/") and self.width is None:
            return "file"
        return MESSAGE_TYPES.get(self.type.partition("/")[0], "file")


class Source:
    """What is uploaded. It can be read again from any place."""

    def __init__(self, content: Content, name: str | None) -> None:
        self._data: bytes | None = None
        self._path = Path()
        if isinstance(content, bytes | bytearray | memoryview):
            if name is None:
                raise ValueError("bytes have no name of a file: pass one, such as name='a.txt'")
            self._data = bytes(content)
            self.size = len(self._data)
        else:
            self._path = Path(content)
            self.size = self._path.stat().st_size
        self.name = name or self._path.name

    def open(self) -> io.BufferedIOBase:
        """The bytes, from the first on."""
        return self._path.open("rb") if self._data is None else io.BytesIO(self._data)

    def digest(self) -> str:
        """The SHA-256 of all bytes."""
        with self.open() as file:
            return hashlib.file_digest(file, "sha256").hexdigest()


class Report:
    """Tells a program how far a transfer is, once for each state."""

    def __init__(self, progress: Progress | None, size: int) -> None:
        self.size = size
        self._progress = progress
        self._last: int | None = None

    def tell(self, done: int) -> None:
        """So many bytes are done."""
        if self._progress is not None and done != self._last:
            self._last = done
            self._progress(done, self.size)


class Part:
    """The bytes of a source from an offset on, as the body of a request.

    A request that is sent again, such as with a fresh token, reads them again.
    """

    def __init__(self, source: Source, offset: int, report: Report) -> None:
        self._source = source
        self._offset = offset
        self._report = report

    async def __aiter__(self) -> AsyncIterator[bytes]:
        done = self._offset
        with self._source.open() as file:
            file.seek(done)
            while done < self._source.size:
                length = min(CHUNK_BYTES, self._source.size - done)
                chunk = await asyncio.to_thread(file.read, length)
                if not chunk:
                    raise EOFError(f"{self._source.name} has become shorter while it was read")
                yield chunk
                done += len(chunk)
                self._report.tell(done)


class Patience:
    """How long to go on while nothing arrives."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self.reset()

    def reset(self) -> None:
        """Something has arrived."""
        self._backoff = Backoff()
        self._deadline = time.monotonic() + self._seconds

    async def wait(self, error: TidingsError) -> None:
        """Waits before the next attempt; raises the error if the time is up."""
        delay = self._backoff.next_delay(error.retry_after)
        if time.monotonic() + delay > self._deadline:
            raise error
        logger.warning("%s; trying again in %.1f s", error, delay)
        await asyncio.sleep(delay)


async def upload(
    calls: AsyncCalls,
    source: Source,
    *,
    media_type: str | None,
    key: str | None,
    progress: Progress | None,
    patience: float,
) -> StoredFile:
    """Announces a file, and sends its bytes until the server has them all."""
    announced = {
        "name": source.name,
        "type": media_type or mimetypes.guess_type(source.name)[0] or OCTETS,
        "size": source.size,
        "sha256": await asyncio.to_thread(source.digest),
    }
    headers = {"Idempotency-Key": key or str(uuid4())}
    response = await repeat(
        lambda: calls.post("/v1/files", json=announced, headers=headers), patience
    )
    reserved = response.json()
    is_new = response.status_code == httpx.codes.CREATED
    transfer = Transfer(calls, source, reserved["id"], Report(progress, source.size))
    stored = await transfer.finish(patience, is_new=is_new)
    return StoredFile(
        id=reserved["id"],
        name=reserved["name"],
        type=stored["type"],
        size=stored["size"],
        sha256=stored["sha256"],
        width=stored["width"],
        height=stored["height"],
    )


class Transfer:
    """The bytes of a file on their way to the server."""

    def __init__(self, calls: AsyncCalls, source: Source, file_id: str, report: Report) -> None:
        self._calls = calls
        self._source = source
        self._path = content_path(file_id)
        self._report = report

    async def finish(self, patience: float, *, is_new: bool) -> dict[str, Any]:
        """Sends what the server does not have, over any number of broken connections.

        Patience starts again whenever something has arrived.
        """
        waiting = Patience(patience)
        arrived = 0
        # None: only the server knows.
        offset = 0 if is_new or self._source.size == 0 else None
        while True:
            try:
                if offset is None:
                    answer = await self._ask()
                else:
                    answer = await self._send(offset)
                if answer["state"] == "stored":
                    self._report.tell(self._source.size)
                    return answer
                received = int(answer["received"])
                if offset is not None:
                    raise UnreachableError(f"the server has {received} bytes of {self._path}")
                offset = received
            except TidingsError as error:
                if not can_resume(error):
                    raise
                await waiting.wait(error)
                offset = offset_after(error, self._source.size)
            if offset is not None and offset > arrived:
                arrived = offset
                waiting.reset()

    async def _ask(self) -> dict[str, Any]:
        """How much has arrived. If that is all, the server stores it now."""
        headers = {"Content-Range": f"bytes */{self._source.size}", "Content-Type": OCTETS}
        response = await self._calls.put(self._path, content=b"", headers=headers)
        answer: dict[str, Any] = response.json()
        return answer

    async def _send(self, offset: int) -> dict[str, Any]:
        """Sends the bytes from an offset on."""
        size = self._source.size
        headers = {"Content-Length": str(size - offset), "Content-Type": OCTETS}
        if size > 0:
            headers["Content-Range"] = f"bytes {offset}-{size - 1}/{size}"
        self._report.tell(offset)
        part = Part(self._source, offset, self._report)
        response = await self._calls.put(self._path, content=part, headers=headers)
        answer: dict[str, Any] = response.json()
        return answer


def can_resume(error: TidingsError) -> bool:
    """Whether an upload can go on after this."""
    if isinstance(error, ProblemError):
        return error.is_temporary or error.status == REQUEST_TIMEOUT or error.code in RESUMABLE
    return error.is_temporary


def offset_after(error: TidingsError, size: int) -> int | None:
    """Where to go on, if that is known."""
    if size == 0:
        return 0
    received = error.document.get("received") if isinstance(error, ProblemError) else None
    return received if isinstance(received, int) and received < size else None


async def download(
    calls: AsyncCalls,
    file_id: str,
    sink: BinaryIO,
    *,
    progress: Progress | None,
    patience: float,
) -> None:
    """Writes the bytes of a file into `sink`, over any number of broken connections."""
    waiting = Patience(patience)
    while True:
        offset = sink.tell()
        try:
            await receive(calls, file_id, sink, progress)
            return
        except TidingsError as error:
            if not error.is_temporary:
                raise
            if sink.tell() > offset:
                waiting.reset()
            await waiting.wait(error)


async def receive(
    calls: AsyncCalls, file_id: str, sink: BinaryIO, progress: Progress | None
) -> None:
    """Writes the bytes that `sink` does not have yet."""
    # The place in a compressed answer would be another one.
    headers = {"Accept-Encoding": "identity"}
    if sink.tell() > 0:
        headers["Range"] = f"bytes={sink.tell()}-"
    request = calls.build_request("GET", content_path(file_id), headers=headers)
    response = await calls.send(request, stream=True)
    try:
        if response.status_code != PARTIAL_CONTENT:
            sink.seek(0)
            sink.truncate()
        report = Report(progress, sink.tell() + int(response.headers["Content-Length"]))
        async for chunk in response.aiter_bytes():
            await asyncio.to_thread(sink.write, chunk)
            report.tell(sink.tell())
        report.tell(sink.tell())
    except BROKEN as error:
        raise unreachable(request, error) from error
    finally:
        await response.aclose()


async def download_to(
    calls: AsyncCalls,
    file_id: str,
    path: Path,
    *,
    progress: Progress | None,
    patience: float,
) -> Path:
    """The same into a file, which appears once it is complete."""
    incomplete = path.with_name(f".{path.name}.{uuid4().hex}.part")
    try:
        with incomplete.open("xb") as sink:
            await download(calls, file_id, sink, progress=progress, patience=patience)
        incomplete.replace(path)
    finally:
        incomplete.unlink(missing_ok=True)
    return path


def content_path(file_id: str) -> str:
    """The path of the bytes of a file."""
    return f"/v1/files/{quote(file_id, safe='')}/content"


def key_of_message(client_message_id: str | None) -> str | None:
    """The key under which the file of a message is announced once, as the message is sent once."""
    if client_message_id is None:
        return None
    return str(uuid5(NAMESPACE_URL, f"tidings:file-of-message:{client_message_id}"))
