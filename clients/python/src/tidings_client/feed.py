"""The sync core: every entry once per run, in order, over disconnects and restarts.

The cursor moves once the caller asks for the next entry, that is, after the body of its loop. All
entries of one position move it together. So the cursor never names an entry that was not handled,
and everything up to it was: what comes again at or before it is a repetition and is dropped.
"""

from __future__ import annotations

import asyncio
import logging
import random
import time
from collections.abc import AsyncGenerator, Iterator
from dataclasses import dataclass, field

from .backoff import Backoff
from .cursors import CursorStore, MemoryCursorStore, position_of
from .entries import Entry, Event, InboxSnapshot, identity_of
from .live import Batch, LiveConnection, LiveLostError
from .problems import CursorExpiredError, TidingsError, UnauthorizedError
from .server import Server

logger = logging.getLogger("tidings_client")

#: How often the cursor is stored and acknowledged while entries arrive. The server accepts 20
#: frames a second.
RECORD_SECONDS = 0.25
#: A token that was renewed so often in a row without success will not get better.
RENEWALS = 3


@dataclass(frozen=True)
class FeedOptions:
    """How to follow the feed; `Client.entries` describes the fields."""

    after: str | None = None
    store: CursorStore = field(default_factory=MemoryCursorStore)
    device: str | None = None
    live: bool = True
    follow: bool = True
    poll_seconds: float = 2.0


class Feed:
    """One run through the entries of a user."""

    def __init__(self, server: Server, options: FeedOptions) -> None:
        self._server = server
        self._options = options
        #: Everything up to here was handled.
        self._cursor = ""
        self._stored = ""
        self._acknowledged = ""
        self._recorded_at = 0.0
        self._expired: CursorExpiredError | None = None
        self._connection: LiveConnection | None = None
        self._backoff = Backoff()
        self._renewals = 0
        #: While no live connection can be opened, the feed is polled until the next attempt.
        self._live_backoff = Backoff(first=1.0)
        self._poll_until = 0.0
        self._is_caught_up = False

    async def events(self) -> AsyncGenerator[Event, None]:
        """The entries after the stored cursor, and those that follow."""
        try:
            while not self._is_finished():
                received = await self._receive_or_wait()
                if isinstance(received, InboxSnapshot):
                    yield received
                    # It may be an earlier position, of another history.
                    self._cursor = received.cursor
                    self._expired = None
                elif received is not None:
                    for entry in self._drop_repetitions(received):
                        yield entry
                    self._advance(received)
            await self._record()
        finally:
            self._store()
            await self._disconnect()

    def _is_finished(self) -> bool:
        return not self._options.follow and self._is_caught_up and self._expired is None

    async def _receive_or_wait(self) -> Batch | InboxSnapshot | None:
        """What comes next. After an error it waits, and returns None."""
        try:
            received = await self._receive()
            self._backoff.reset()
            self._renewals = 0
            return received
        except TidingsError as error:
            await self._disconnect()
            await self._wait_after(error)
            return None

    async def _receive(self) -> Batch | InboxSnapshot:
        if not self._cursor:
            await self._find_start()
        if self._expired is not None:
            return await self._server.fetch_inbox(self._expired)
        if self._connection is None and self._may_connect():
            await self._connect()
        if self._seconds_until_record() == 0:
            await self._record()
        if self._connection is None:
            return await self._poll()
        while True:
            batch = await self._connection.receive(self._seconds_until_record())
            if batch is not None:
                return batch
            await self._record()

    async def _find_start(self) -> None:
        """Where this run starts. It is stored at once, for a restart before the first entry."""
        self._cursor = self._stored = self._options.store.load() or ""
        if not self._cursor:
            self._cursor = self._options.after or await self._server.fetch_cursor()
            self._store()

    def _may_connect(self) -> bool:
        options = self._options
        return options.live and options.follow and time.monotonic() >= self._poll_until

    async def _connect(self) -> None:
        """Opens a live connection, or else begins to poll."""
        try:
            self._connection = await self._server.open_live(self._cursor, self._options.device)
        except LiveLostError as error:
            # Either the server is down, which the next call tells, or something between here and
            # there allows no WebSocket.
            seconds = self._live_backoff.next_delay(error.retry_after)
            logger.warning("%s; polling for %.1f s", error, seconds)
            self._poll_until = time.monotonic() + seconds
            self._is_caught_up = False
            return
        self._live_backoff.reset()
        # Whether the server has received the last acknowledgement is not known.
        self._acknowledged = ""

    async def _disconnect(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            await connection.close()

    async def _poll(self) -> Batch:
        if self._is_caught_up:
            await self._record()
            await asyncio.sleep(self._options.poll_seconds * random.uniform(0.8, 1.2))
        try:
            batch, has_more = await self._server.fetch_entries(self._cursor)
        except TidingsError:
            # It is not only the live connection that fails.
            self._live_backoff.reset()
            self._poll_until = 0.0
            raise
        self._is_caught_up = not has_more
        return batch

    def _drop_repetitions(self, batch: Batch) -> Iterator[Entry]:
        handled = position_of(self._cursor)
        seen = set()
        for entry in batch.entries:
            if entry.position > handled and identity_of(entry) not in seen:
                seen.add(identity_of(entry))
                yield entry

    def _advance(self, batch: Batch) -> None:
        """Everything in the batch was handled."""
        if position_of(batch.cursor) > position_of(self._cursor):
            self._cursor = batch.cursor

    def _seconds_until_record(self) -> float | None:
        """When to store and acknowledge the cursor; None if that has happened."""
        if self._cursor == self._stored and self._cursor == self._acknowledged_cursor():
            return None
        return max(0.0, self._recorded_at + RECORD_SECONDS - time.monotonic())

    def _acknowledged_cursor(self) -> str:
        return self._cursor if self._options.device is None else self._acknowledged

    async def _record(self) -> None:
        """Stores and acknowledges the cursor."""
        self._store()
        self._recorded_at = time.monotonic()
        device, cursor = self._options.device, self._cursor
        if device is None or cursor == self._acknowledged:
            return
        if self._connection is not None:
            await self._connection.acknowledge(cursor)
        else:
            await self._server.acknowledge(device, cursor)
        self._acknowledged = cursor

    def _store(self) -> None:
        if self._cursor != self._stored:
            self._options.store.save(self._cursor)
            self._stored = self._cursor

    async def _wait_after(self, error: TidingsError) -> None:
        """Waits before the next attempt, or raises an error that no attempt can overcome."""
        if isinstance(error, CursorExpiredError):
            self._expired = error
        elif isinstance(error, UnauthorizedError) and self._renewals < RENEWALS:
            self._renewals += 1
            if await self._server.renew_token():
                return
            raise error
        elif not error.is_temporary:
            raise error
        delay = self._backoff.next_delay(error.retry_after)
        logger.warning("%s; trying again in %.1f s", error, delay)
        await asyncio.sleep(delay)
