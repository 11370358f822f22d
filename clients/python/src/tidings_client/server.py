"""The calls of the server that the sync core needs."""

from __future__ import annotations

import ssl
from typing import Any
from urllib.parse import quote

import httpx

from .calls import AsyncCalls
from .entries import InboxSnapshot, Message, parse_entry
from .generated.models import HistoryPage, InboxConversation
from .live import Batch, LiveConnection, open_live
from .problems import CursorExpiredError
from .tokens import Token

CURSOR_HEADER = "Tidings-Cursor"
INBOX_PAGE = HISTORY_PAGE = 200


class Server:
    """A Tidings server, as the user of a token sees it."""

    def __init__(
        self,
        base_url: str,
        token: Token,
        *,
        timeout: float,
        ssl_context: ssl.SSLContext | None,
    ) -> None:
        self.base_url = base_url
        self.token = token
        self.ssl_context = ssl_context
        self.calls = AsyncCalls(
            base_url=base_url, auth=token, timeout=timeout, verify=ssl_context or True
        )
        self._live_token = ""

    async def open_live(self, after: str, device: str | None) -> LiveConnection:
        """Connects, to receive the entries after a cursor."""
        self._live_token = await self.token.get()
        return await open_live(
            self.base_url,
            self._live_token,
            after=after,
            device=device,
            ssl_context=self.ssl_context,
        )

    async def renew_token(self) -> bool:
        """Replaces the token that a live connection was refused for, if that is possible."""
        if not self.token.is_renewable:
            return False
        await self.token.renew(self._live_token)
        return True

    async def fetch_cursor(self) -> str:
        """The cursor of now."""
        response = await self.calls.get("/v1/inbox", params={"limit": 1})
        return cursor_of(response)

    async def fetch_entries(self, after: str) -> tuple[Batch, bool]:
        """One page of the feed, and whether more follow."""
        page = (await self.calls.get("/v1/inbox/entries", params={"after": after})).json()
        entries = [parse_entry(entry) for entry in page["entries"]]
        return Batch(entries, page["cursor"]), bool(page["has_more"])

    async def fetch_messages(self, conversation_id: str, after: int) -> tuple[list[Message], bool]:
        """One page of a history, oldest first, and whether more follow."""
        path = f"/v1/conversations/{quote(conversation_id, safe='')}/messages"
        params = {"after": after, "limit": HISTORY_PAGE}
        page = HistoryPage.from_dict((await self.calls.get(path, params=params)).json())
        return page.messages, page.has_more

    async def acknowledge(self, device: str, cursor: str) -> None:
        """Tells the server that a device has everything up to a cursor."""
        await self.calls.post("/v1/inbox/ack", json={"device": device, "cursor": cursor})

    async def fetch_inbox(self, reason: CursorExpiredError) -> InboxSnapshot:
        """The whole inbox, with the cursor of its first page: nothing after it is missing."""
        first, conversations = await self._fetch_conversations(archived=False)
        _, archived = await self._fetch_conversations(archived=True)
        return InboxSnapshot(
            conversations=conversations + archived,
            total_unread=int(first.json()["total_unread"]),
            cursor=cursor_of(first),
            reason=reason,
        )

    async def _fetch_conversations(
        self, *, archived: bool
    ) -> tuple[httpx.Response, list[InboxConversation]]:
        params: dict[str, Any] = {"limit": INBOX_PAGE, "archived": archived}
        first = response = await self.calls.get("/v1/inbox", params=params)
        conversations = []
        while True:
            page = response.json()
            conversations += [InboxConversation.from_dict(c) for c in page["conversations"]]
            if page["next"] is None:
                return first, conversations
            params["after"] = page["next"]
            response = await self.calls.get("/v1/inbox", params=params)


def cursor_of(response: httpx.Response) -> str:
    """The cursor up to which an answer is current."""
    return str(response.headers[CURSOR_HEADER])
