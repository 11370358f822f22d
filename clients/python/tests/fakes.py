"""A server that does what a test tells it, for the sync core."""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from typing import Any

from tidings_client.cursors import position_of
from tidings_client.entries import InboxSnapshot, parse_entry
from tidings_client.feed import Feed, FeedOptions
from tidings_client.live import Batch

# The tests break everything on purpose.
logging.getLogger("tidings_client").disabled = True

AT = "2026-11-29T08:00:00.000Z"


def entry(position, conversation="lunch"):
    """An entry as the server sends it."""
    data = {"user": "bob", "position": position}
    return {
        "position": position,
        "type": "delivered",
        "conversation_id": conversation,
        "at": AT,
        "data": data,
    }


def text_message(seq):
    """A message as the server sends it."""
    return {
        "conversation_id": "lunch",
        "seq": seq,
        "position": seq + 1,
        "sender": "ann",
        "type": "text",
        "body": {"text": "noodles?"},
        "reply_to": None,
        "thread": None,
        "mentions": [],
        "sent_at": AT,
        "edited_at": None,
        "recalled": False,
        "reactions": {},
    }


def batch(cursor, *conversations):
    """The entries of one position."""
    position = position_of(cursor)
    return Batch([parse_entry(entry(position, name)) for name in conversations], cursor)


class FakeConnection:
    """Delivers the items of a script: batches and errors. Then it is silent."""

    def __init__(self, *script: Any) -> None:
        self.script = deque(script)
        self.acknowledged: list[str] = []
        self.is_closed = False

    async def receive(self, timeout):
        if self.script:
            item = self.script.popleft()
            if isinstance(item, Exception):
                raise item
            return item
        if timeout is None:
            await asyncio.Event().wait()
        await asyncio.sleep(timeout)
        return None

    async def acknowledge(self, cursor):
        self.acknowledged.append(cursor)

    async def close(self):
        self.is_closed = True


class FakeServer:
    """Hands out connections, pages and inboxes in the order of a test."""

    def __init__(self, *connections, pages=(), inboxes=(), now="0.t", renewable=False) -> None:
        self.connections = deque(connections)
        self.pages = deque(pages)
        self.inboxes = deque(inboxes)
        self.now = now
        self.is_renewable = renewable
        self.opened_after: list[str] = []
        self.polled_after: list[str] = []
        self.acknowledged: list[str] = []

    async def open_live(self, after, device):
        self.opened_after.append(after)
        connection = self.connections.popleft()
        if isinstance(connection, Exception):
            raise connection
        return connection

    async def fetch_cursor(self):
        return self.now

    async def fetch_entries(self, after):
        self.polled_after.append(after)
        # The last page comes again and again.
        page = self.pages.popleft() if len(self.pages) > 1 else self.pages[0]
        if isinstance(page, Exception):
            raise page
        return page

    async def fetch_inbox(self, reason):
        return InboxSnapshot([], 0, self.inboxes.popleft(), reason)

    async def acknowledge(self, device, cursor):
        self.acknowledged.append(cursor)

    async def renew_token(self):
        return self.is_renewable


async def take(server, count, **options):
    """The first events of a run, each as position and conversation, or as the snapshot."""
    events = Feed(server, FeedOptions(**options)).events()
    taken = []
    try:
        async for event in events:
            is_snapshot = isinstance(event, InboxSnapshot)
            taken.append(event if is_snapshot else (event.position, event.conversation_id))
            if len(taken) == count:
                break
    finally:
        await events.aclose()
    return taken
