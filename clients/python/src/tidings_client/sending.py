"""Sending messages: each once, however often the server has to be asked."""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import quote
from uuid import uuid4

import httpx

from .calls import AsyncCalls, repeat
from .generated.models import Held, Scheduled, Sent
from .problems import TidingsError

#: What became of a message: it is stored, or it waits for its time or for a moderator.
Answer = Sent | Scheduled | Held

ACCEPTED = 202


def describe_message(
    content: str | Mapping[str, Any],
    *,
    type: str = "text",
    reply_to: int | None = None,
    thread: int | None = None,
    mentions: Iterable[str] = (),
    send_at: datetime.datetime | None = None,
    client_message_id: str | None = None,
) -> dict[str, Any]:
    """The body of a send, with a key of its own if none was given."""
    message: dict[str, Any] = {
        "client_message_id": client_message_id or str(uuid4()),
        "type": type,
        "body": {"text": content} if isinstance(content, str) else dict(content),
    }
    if reply_to is not None:
        message["reply_to"] = reply_to
    if thread is not None:
        message["thread"] = thread
    if mentions:
        message["mentions"] = list(mentions)
    if send_at is not None:
        if send_at.tzinfo is None:
            raise ValueError("send_at has no time zone: give it one, such as datetime.UTC")
        message["send_at"] = send_at.isoformat()
    return message


async def send_until_answered(
    calls: AsyncCalls, conversation_id: str, message: dict[str, Any], patience: float
) -> Answer:
    """Sends the same message under the same key until the server has answered.

    The server stores a key once, so an answer that got lost doubles nothing.
    """
    path = f"/v1/conversations/{quote(conversation_id, safe='')}/messages"
    try:
        response = await repeat(lambda: calls.post(path, json=message), patience)
    except TidingsError as error:
        if error.is_temporary:
            error.add_note(
                f"The message may be stored. Send it again as {message['client_message_id']!r}:"
                " under this client_message_id it cannot be doubled."
            )
        raise
    return parse_answer(response)


def parse_answer(response: httpx.Response) -> Answer:
    """What became of the message."""
    document = response.json()
    if response.status_code != ACCEPTED:
        return Sent.from_dict(document)
    return Scheduled.from_dict(document) if "scheduled_id" in document else Held.from_dict(document)
