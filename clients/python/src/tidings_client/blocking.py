"""The synchronous client: the asynchronous one on a thread of its own."""

from __future__ import annotations

import asyncio
import datetime
import os
import ssl
import threading
from collections.abc import AsyncGenerator, Callable, Coroutine, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, Self, TypeVar

from .calls import PATIENCE_SECONDS, Calls
from .client import TIMEOUT_SECONDS, Client, check_url
from .cursors import CursorStore
from .entries import Event, Message
from .files import Content, Progress, StoredFile
from .generated import AuthenticatedClient
from .sending import Answer
from .tokens import Password, Token

T = TypeVar("T")


class SyncClient:
    """A user of a Tidings server, for programs without asyncio and for notebooks.

    ```python
    with SyncClient("http://127.0.0.1:8080", token) as client:
        for entry in client.entries(after="0", follow=False):
            ...
    ```

    Args:
        url: The address of the server, such as `https://chat.example.com`.
        token: The token of the user, or a function that returns a fresh one each time it is
            called, on any thread. For a local account, its `Password`.
        timeout: How many seconds to wait for an answer, and for each part of it.
        ssl_context: The certificates to trust, if not those of the system.

    Attributes:
        api: For the functions `sync` and `sync_detailed` in `tidings_client.generated.api`.
    """

    def __init__(
        self,
        url: str,
        token: str | Password | Callable[[], str],
        *,
        timeout: float = TIMEOUT_SECONDS,
        ssl_context: ssl.SSLContext | None = None,
    ) -> None:
        base_url = check_url(url)
        self._calls = Calls(
            base_url=base_url,
            auth=Token(token, base_url, ssl_context),
            timeout=timeout,
            verify=ssl_context or True,
        )
        self.api = AuthenticatedClient(base_url=base_url, token="")
        self.api.set_httpx_client(self._calls)
        self._client = Client(base_url, token, timeout=timeout, ssl_context=ssl_context)
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Closes the connections, and ends the thread."""
        if self._loop.is_closed():
            return
        self._run(self._client.close())
        self._run(self._loop.shutdown_asyncgens())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()
        self._calls.close()

    def entries(
        self,
        *,
        after: str | None = None,
        store: CursorStore | None = None,
        device: str | None = None,
        follow: bool = True,
        live: bool = True,
        poll_seconds: float = 2.0,
    ) -> Iterator[Event]:
        """What happens in the conversations of the user; see `Client.entries`."""
        events = self._client.entries(
            after=after,
            store=store,
            device=device,
            follow=follow,
            live=live,
            poll_seconds=poll_seconds,
        )
        return self._iterate(events)

    def history(
        self, conversation_id: str, *, after: int = 0, patience: float = PATIENCE_SECONDS
    ) -> Iterator[Message]:
        """The messages of a conversation, oldest first; see `Client.history`."""
        return self._iterate(self._client.history(conversation_id, after=after, patience=patience))

    def send(
        self,
        conversation_id: str,
        content: str | Mapping[str, Any],
        *,
        type: str = "text",
        reply_to: int | None = None,
        thread: int | None = None,
        mentions: Iterable[str] = (),
        send_at: datetime.datetime | None = None,
        client_message_id: str | None = None,
        patience: float = PATIENCE_SECONDS,
    ) -> Answer:
        """Sends a message, once; see `Client.send`."""
        return self._run(
            self._client.send(
                conversation_id,
                content,
                type=type,
                reply_to=reply_to,
                thread=thread,
                mentions=mentions,
                send_at=send_at,
                client_message_id=client_message_id,
                patience=patience,
            )
        )

    def upload(
        self,
        content: Content,
        *,
        name: str | None = None,
        media_type: str | None = None,
        progress: Progress | None = None,
        key: str | None = None,
        patience: float = PATIENCE_SECONDS,
    ) -> StoredFile:
        """Uploads a file; see `Client.upload`. `progress` is called on another thread."""
        return self._run(
            self._client.upload(
                content,
                name=name,
                media_type=media_type,
                progress=progress,
                key=key,
                patience=patience,
            )
        )

    def set_avatar(
        self,
        picture: Content | None,
        *,
        conversation_id: str | None = None,
        name: str | None = None,
        patience: float = PATIENCE_SECONDS,
    ) -> StoredFile | None:
        """Uploads an image, and makes it an avatar; see `Client.set_avatar`."""
        return self._run(
            self._client.set_avatar(
                picture, conversation_id=conversation_id, name=name, patience=patience
            )
        )

    def send_file(
        self,
        conversation_id: str,
        content: Content,
        *,
        name: str | None = None,
        text: str | None = None,
        type: str | None = None,
        media_type: str | None = None,
        progress: Progress | None = None,
        reply_to: int | None = None,
        thread: int | None = None,
        mentions: Iterable[str] = (),
        send_at: datetime.datetime | None = None,
        client_message_id: str | None = None,
        patience: float = PATIENCE_SECONDS,
    ) -> Answer:
        """Uploads a file, and sends it in a message; see `Client.send_file`."""
        return self._run(
            self._client.send_file(
                conversation_id,
                content,
                name=name,
                text=text,
                type=type,
                media_type=media_type,
                progress=progress,
                reply_to=reply_to,
                thread=thread,
                mentions=mentions,
                send_at=send_at,
                client_message_id=client_message_id,
                patience=patience,
            )
        )

    def download(
        self,
        file_id: str,
        *,
        progress: Progress | None = None,
        patience: float = PATIENCE_SECONDS,
    ) -> bytes:
        """The bytes of a file; see `Client.download`."""
        return self._run(self._client.download(file_id, progress=progress, patience=patience))

    def download_to(
        self,
        file_id: str,
        path: str | os.PathLike[str],
        *,
        progress: Progress | None = None,
        patience: float = PATIENCE_SECONDS,
    ) -> Path:
        """Downloads into a file; see `Client.download_to`."""
        downloading = self._client.download_to(file_id, path, progress=progress, patience=patience)
        return self._run(downloading)

    def _iterate(self, items: AsyncGenerator[T, None]) -> Iterator[T]:
        # After an interrupt, the last step still ends when the loop is closed.
        one_at_a_time = asyncio.Lock()

        async def step() -> T | None:
            async with one_at_a_time:
                return await anext(items, None)

        async def close() -> None:
            async with one_at_a_time:
                await items.aclose()

        try:
            while (item := self._run(step())) is not None:
                yield item
        finally:
            if not self._loop.is_closed():
                self._run(close())

    def _run(self, coroutine: Coroutine[Any, Any, T]) -> T:
        """Runs it on the thread. An interrupt from the keyboard ends it too."""
        future = asyncio.run_coroutine_threadsafe(coroutine, self._loop)
        try:
            return future.result()
        except BaseException:
            future.cancel()
            raise
