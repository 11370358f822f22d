"""The live connection: a WebSocket that delivers entries as they happen."""

from __future__ import annotations

import asyncio
import contextlib
import json
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidStatus, WebSocketException

from .calls import problem_in
from .cursors import position_of
from .entries import Entry, identity_of, parse_entry
from .problems import DeviceReplacedError, TidingsError, problem_from

PATH = "/v1/live"
#: A message has at most 64 KiB; what belongs to it can be longer, such as reactions.
MAX_FRAME_BYTES = 16 * 1024 * 1024
CLOSE_SECONDS = 2.0
#: The close codes that mean more than a lost connection, with the status of the same problem.
STATUS_OF_CLOSE = {4401: 401, 4403: 403, 4410: 410}
DEVICE_REPLACED = 4409
#: The statuses of an upgrade that say the same as for any other call.
STATUSES_OF_CALLS = {401, 403, 410}


class LiveLostError(TidingsError):
    """There is no live connection, or no longer."""

    is_temporary = True

    def __init__(self, reason: str, *, opened: bool, retry_after: float | None = None) -> None:
        self.opened = opened
        self.retry_after = retry_after
        super().__init__(f"the live connection {'was lost' if opened else 'failed'}: {reason}")


@dataclass(frozen=True)
class Batch:
    """Entries that came together, and where the feed stands after them."""

    entries: list[Entry]
    cursor: str


class PositionGroup:
    """Collects the entries of one position, which several conversations can share.

    The server can start again at an earlier position at any time. So what was collected is
    dropped once another position begins, and an entry that comes again replaces itself.
    """

    def __init__(self) -> None:
        self._position: int | None = None
        self._entries: dict[tuple[int, str | None], Entry] = {}

    def add(self, entry: Entry, cursor: str, more: bool) -> Batch | None:
        """Adds an entry, and returns the position once it is complete."""
        if entry.position != self._position:
            self._entries.clear()
            self._position = entry.position
        self._entries[identity_of(entry)] = entry
        if more:
            return None
        batch = Batch(list(self._entries.values()), cursor)
        self._entries.clear()
        return batch


class LiveConnection:
    """One WebSocket, from `open_live` to `close`."""

    def __init__(self, socket: ClientConnection) -> None:
        self._socket = socket
        self._group = PositionGroup()
        self._problem: dict[str, Any] = {}

    async def receive(self, timeout: float | None) -> Batch | None:
        """The next entries; none at the end of the backlog. Returns None when the time is up."""
        try:
            async with asyncio.timeout(timeout):
                while True:
                    batch = self._read_frame(json.loads(await self._socket.recv()))
                    if batch is not None:
                        return batch
        except TimeoutError:
            return None
        except ConnectionClosed as closed:
            raise self._reason_of(closed) from closed
        except (ValueError, KeyError, TypeError) as error:
            reason = f"a frame cannot be understood: {error!r}"
            raise LiveLostError(reason, opened=True) from error

    async def acknowledge(self, cursor: str) -> None:
        """Tells the server that everything up to the cursor was handled."""
        # If the connection is closed, the next `receive` says why.
        with contextlib.suppress(ConnectionClosed):
            await self._socket.send(json.dumps({"type": "ack", "cursor": cursor}))

    async def close(self) -> None:
        """Closes the connection."""
        await self._socket.close()

    def _read_frame(self, frame: Mapping[str, Any]) -> Batch | None:
        match frame["type"]:
            case "entry":
                more = bool(frame.get("more"))
                return self._group.add(parse_entry(frame["entry"]), frame["cursor"], more)
            case "caught_up":
                position_of(frame["cursor"])
                return Batch([], frame["cursor"])
            case "problem":
                self._problem = dict(frame)
        return None

    def _reason_of(self, closed: ConnectionClosed) -> TidingsError:
        code = closed.rcvd.code if closed.rcvd else None
        reason = closed.rcvd.reason if closed.rcvd else str(closed)
        if code == DEVICE_REPLACED:
            return DeviceReplacedError("another program connected as the same device")
        if code in STATUS_OF_CLOSE:
            document = {"code": reason, "status": STATUS_OF_CLOSE[code], **self._problem}
            return problem_from(document)
        retry_after = self._problem.get("retry_after")
        detail = self._problem.get("detail") or f"close code {code}, {reason}"
        return LiveLostError(detail, opened=True, retry_after=retry_after)


async def open_live(
    base_url: str,
    token: str,
    *,
    after: str,
    device: str | None,
    ssl_context: ssl.SSLContext | None,
) -> LiveConnection:
    """Connects, to receive the entries after a cursor."""
    query = {"after": after} if device is None else {"after": after, "device": device}
    # http becomes ws, and https wss.
    url = f"ws{base_url.removeprefix('http')}{PATH}?{urlencode(query)}"
    secure = url.startswith("wss")
    try:
        socket = await connect(
            url,
            additional_headers={"Authorization": f"Bearer {token}"},
            ssl=ssl_context if secure else None,
            max_size=MAX_FRAME_BYTES,
            close_timeout=CLOSE_SECONDS,
        )
    except InvalidStatus as refused:
        raise refusal_of(refused) from refused
    except (WebSocketException, OSError, TimeoutError) as error:
        raise LiveLostError(str(error) or type(error).__name__, opened=False) from error
    return LiveConnection(socket)


def refusal_of(refused: InvalidStatus) -> TidingsError:
    """What an answer to the upgrade means."""
    response = refused.response
    content = bytes(response.body or b"")
    problem = problem_in(response.status_code, content, response.headers.get("Retry-After"))
    if problem.status in STATUSES_OF_CALLS:
        return problem
    return LiveLostError(str(problem), opened=False, retry_after=problem.retry_after)
