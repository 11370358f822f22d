"""The asynchronous client."""

from __future__ import annotations

import datetime
import functools
import io
import os
import ssl
from collections.abc import AsyncGenerator, Iterable, Mapping
from pathlib import Path
from typing import Any, Self
from urllib.parse import quote

from . import files
from .calls import PATIENCE_SECONDS, repeat
from .cursors import CursorStore, MemoryCursorStore, position_of
from .entries import Event, Message
from .feed import Feed, FeedOptions
from .files import Content, Progress, StoredFile
from .generated import AuthenticatedClient
from .sending import Answer, describe_message, send_until_answered
from .server import Server
from .tokens import Token, TokenSource

#: Longer than any call of the server takes.
TIMEOUT_SECONDS = 30.0


class Client:
    """A user of a Tidings server.

    ```python
    async with Client("http://127.0.0.1:8080", token) as client:
        async for entry in client.entries():
            ...
    ```

    Args:
        url: The address of the server, such as `https://chat.example.com`.
        token: The token of the user, or a function that returns a fresh one each time it is
            called. It is called when there is no token yet, and when the server refuses one.
            For a local account, its `Password`.
        timeout: How many seconds to wait for an answer, and for each part of it.
        ssl_context: The certificates to trust, if not those of the system.

    Attributes:
        api: For the calls in `tidings_client.generated.api`. They use the same token and raise
            the same exceptions.
    """

    def __init__(
        self,
        url: str,
        token: TokenSource,
        *,
        timeout: float = TIMEOUT_SECONDS,
        ssl_context: ssl.SSLContext | None = None,
    ) -> None:
        base_url = check_url(url)
        self._server = Server(
            base_url, Token(token, base_url, ssl_context), timeout=timeout, ssl_context=ssl_context
        )
        # The HTTP client adds the token itself.
        self.api = AuthenticatedClient(base_url=base_url, token="")
        self.api.set_async_httpx_client(self._server.calls)
        # Downloads wait until the server has what this client has uploaded.
        self._uploaded = 0

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def close(self) -> None:
        """Closes the connections of calls. End the loops over entries first."""
        await self._server.calls.aclose()

    def entries(
        self,
        *,
        after: str | None = None,
        store: CursorStore | None = None,
        device: str | None = None,
        follow: bool = True,
        live: bool = True,
        poll_seconds: float = 2.0,
    ) -> AsyncGenerator[Event, None]:
        """What happens in the conversations of the user, in order.

        The loop goes on over disconnects and restarts of the server. Each entry comes once per
        run. An entry counts as handled once the loop asks for the next one, so not after a
        `break`; what was not handled comes again in the next run.

        If entries cannot be had any more, one `InboxSnapshot` comes in their place.

        Args:
            after: Where to start if the store has no cursor: a cursor, or `"0"` for the oldest
                entry that is kept. Without it the loop starts now.
            store: Keeps the cursor between the runs of the program. Without one, each loop starts
                at `after`, or now.
            device: The name of this installation. With it, the server learns what was handled, and
                shows it to the senders as delivered. Each program needs another name.
            follow: If false, the loop ends once it has caught up.
            live: If false, the client polls, as it does while no WebSocket can be opened.
            poll_seconds: The time between two polls.
        """
        if after is not None:
            # Before it gets into the store.
            position_of(after)
        options = FeedOptions(
            after=after,
            store=MemoryCursorStore() if store is None else store,
            device=device,
            live=live,
            follow=follow,
            poll_seconds=poll_seconds,
        )
        return Feed(self._server, options).events()

    async def history(
        self, conversation_id: str, *, after: int = 0, patience: float = PATIENCE_SECONDS
    ) -> AsyncGenerator[Message, None]:
        """The messages of a conversation, oldest first, as they are now.

        Args:
            conversation_id: The conversation.
            after: Leaves out the messages up to this seq.
            patience: For how many seconds to ask again while the server does not answer.
        """
        has_more = True
        while has_more:
            page = functools.partial(self._server.fetch_messages, conversation_id, after)
            messages, has_more = await repeat(page, patience)
            for message in messages:
                yield message
                after = message.seq

    async def send(
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
        """Sends a message, once, and repeats it until the server has answered.

        Args:
            conversation_id: Where to send it.
            content: The text; or the whole body, as a message of another `type` needs it.
            type: The type of the message, such as `text`, `image` or `custom`.
            reply_to: The seq of the message that this one replies to.
            thread: The seq of the message whose thread this one belongs to.
            mentions: The users whom it mentions.
            send_at: When the server sends it; the result is a `Scheduled`.
            client_message_id: The key under which the server stores the message once. Derive it
                from what the message answers, and a program that is restarted in between does not
                answer twice. Without it, each call sends a message of its own.
            patience: For how many seconds to go on while the server does not answer, or asks to
                come back later. Then the last error is raised.

        Returns:
            `Sent`; or `Scheduled`, or `Held` for a message that waits for a moderator.
        """
        message = describe_message(
            content,
            type=type,
            reply_to=reply_to,
            thread=thread,
            mentions=mentions,
            send_at=send_at,
            client_message_id=client_message_id,
        )
        return await send_until_answered(self._server.calls, conversation_id, message, patience)

    async def upload(
        self,
        content: Content,
        *,
        name: str | None = None,
        media_type: str | None = None,
        progress: Progress | None = None,
        key: str | None = None,
        patience: float = PATIENCE_SECONDS,
    ) -> StoredFile:
        """Uploads a file, which a message can name in `body.file` then; see also `send_file`.

        After a broken connection or a restart of the server, the upload goes on where it stopped.
        The server compares the SHA-256 of what arrives.

        Args:
            content: The path of a file, or bytes. A file must not change meanwhile.
            name: The name of the file; that of the path if there is one.
            media_type: What the file claims to be. The bytes decide what it becomes.
            progress: Is called with the bytes that were sent so far and with all, on the thread of
                the loop. After an interruption it begins again at what has arrived.
            key: The key under which the server knows this upload for good. A program that is
                restarted, and uploads the same file under the same key, goes on where it stopped,
                or gets the file that it has stored. Without it, each call uploads a file of its
                own.
            patience: For how many seconds to go on while nothing arrives. Then the last error is
                raised.
        """
        stored = await files.upload(
            self._server.calls,
            files.Source(content, name),
            media_type=media_type,
            key=key,
            progress=progress,
            patience=patience,
        )
        self._uploaded = max(self._uploaded, stored.position or 0)
        return stored

    async def send_file(
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
        """Uploads a file, and sends it in a message.

        Args:
            conversation_id: Where to send it.
            content: The path of a file, or bytes; see `upload`, also for `name`, `media_type` and
                `progress`.
            name: The name of the file.
            text: A text beside the file.
            type: The type of the message: `image`, `audio`, `video` or `file`. Without it, what
                fits the bytes.
            media_type: What the file claims to be.
            progress: Is called with the bytes that were sent so far, and with all.
            reply_to: See `send`, as for the following.
            thread: The seq of the message whose thread this one belongs to.
            mentions: The users whom it mentions.
            send_at: When the server sends it.
            client_message_id: The key under which the server stores the message once, and its file
                too: a program that is restarted in between uploads nothing twice.
            patience: For how many seconds to go on while nothing arrives.
        """
        file = await self.upload(
            content,
            name=name,
            media_type=media_type,
            progress=progress,
            key=files.key_of_message(client_message_id),
            patience=patience,
        )
        return await self.send(
            conversation_id,
            {"file": file.id} if text is None else {"file": file.id, "text": text},
            type=type or file.message_type,
            reply_to=reply_to,
            thread=thread,
            mentions=mentions,
            send_at=send_at,
            client_message_id=client_message_id,
            patience=patience,
        )

    async def set_avatar(
        self,
        picture: Content | None,
        *,
        conversation_id: str | None = None,
        name: str | None = None,
        patience: float = PATIENCE_SECONDS,
    ) -> StoredFile | None:
        """Uploads an image, and makes it the avatar of the user, or of a group.

        Args:
            picture: The path of an image, or its bytes; see `upload`, also for `name`. None removes
                the avatar.
            conversation_id: The group; without it, the avatar is that of the user.
            name: The name of the file.
            patience: For how many seconds to go on while nothing arrives.
        """
        stored = None
        if picture is not None:
            stored = await self.upload(picture, name=name, patience=patience)
        path = "/v1/users/me"
        if conversation_id is not None:
            path = f"/v1/conversations/{quote(conversation_id, safe='')}"
        change = {"avatar": None if stored is None else stored.id}
        await repeat(lambda: self._server.calls.patch(path, json=change), patience)
        return stored

    async def download(
        self,
        file_id: str,
        *,
        progress: Progress | None = None,
        patience: float = PATIENCE_SECONDS,
    ) -> bytes:
        """The bytes of a file that the user can see: `message.file.id` names it.

        Args:
            file_id: The file.
            progress: Is called with the bytes that were received so far, and with all.
            patience: For how many seconds to go on while nothing arrives.
        """
        sink = io.BytesIO()
        await files.download(
            self._server.calls,
            file_id,
            sink,
            seen=self._uploaded,
            progress=progress,
            patience=patience,
        )
        return sink.getvalue()

    async def download_to(
        self,
        file_id: str,
        path: str | os.PathLike[str],
        *,
        progress: Progress | None = None,
        patience: float = PATIENCE_SECONDS,
    ) -> Path:
        """Downloads into a file, which replaces another one at `path` once it is complete.

        Args:
            file_id: The file.
            path: Where to write it.
            progress: Is called with the bytes that were received so far, and with all.
            patience: For how many seconds to go on while nothing arrives.
        """
        return await files.download_to(
            self._server.calls,
            file_id,
            Path(path),
            seen=self._uploaded,
            progress=progress,
            patience=patience,
        )


def check_url(url: str) -> str:
    """The address without a slash at the end."""
    if not url.startswith(("http://", "https://")):
        raise ValueError(f"{url!r} is no address of a server: expected http://... or https://...")
    return url.rstrip("/")
