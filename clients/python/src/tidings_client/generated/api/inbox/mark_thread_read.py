from http import HTTPStatus
from typing import Any
from urllib.parse import quote

import httpx

from ... import errors
from ...client import AuthenticatedClient
from ...models.thread_read_request import ThreadReadRequest
from ...models.thread_read_up_to import ThreadReadUpTo
from ...types import UNSET, Response, Unset


def _get_kwargs(
    id: str,
    seq: int,
    *,
    body: ThreadReadRequest,
    idempotency_key: None | str | Unset = UNSET,
) -> dict[str, Any]:
    headers: dict[str, Any] = {}
    if not isinstance(idempotency_key, Unset):
        headers["Idempotency-Key"] = idempotency_key

    _kwargs: dict[str, Any] = {
        "method": "post",
        "url": "/v1/conversations/{id}/messages/{seq}/thread/read".format(
            id=quote(str(id), safe=""),
            seq=quote(str(seq), safe=""),
        ),
    }

    _kwargs["json"] = body.to_dict()

    headers["Content-Type"] = "application/json"

    _kwargs["headers"] = headers
    return _kwargs


def _parse_response(response: httpx.Response) -> ThreadReadUpTo:
    if response.status_code == 200:
        response_200 = ThreadReadUpTo.from_dict(response.json())

        return response_200

    raise errors.UnexpectedStatus(response.status_code, response.content)


def _build_response(response: httpx.Response) -> Response[ThreadReadUpTo]:
    return Response(
        status_code=HTTPStatus(response.status_code),
        content=response.content,
        headers=response.headers,
        parsed=_parse_response(response),
    )


def sync_detailed(
    id: str,
    seq: int,
    *,
    client: AuthenticatedClient,
    body: ThreadReadRequest,
    idempotency_key: None | str | Unset = UNSET,
) -> Response[ThreadReadUpTo]:
    """Calls as `sync` does, and returns the status and the headers too."""
    kwargs = _get_kwargs(
        id=id,
        seq=seq,
        body=body,
        idempotency_key=idempotency_key,
    )
    return _build_response(client.get_httpx_client().request(**kwargs))


async def asyncio_detailed(
    id: str,
    seq: int,
    *,
    client: AuthenticatedClient,
    body: ThreadReadRequest,
    idempotency_key: None | str | Unset = UNSET,
) -> Response[ThreadReadUpTo]:
    """Calls as `asyncio` does, and returns the status and the headers too."""
    kwargs = _get_kwargs(
        id=id,
        seq=seq,
        body=body,
        idempotency_key=idempotency_key,
    )
    return _build_response(await client.get_async_httpx_client().request(**kwargs))


def sync(
    id: str,
    seq: int,
    *,
    client: AuthenticatedClient,
    body: ThreadReadRequest,
    idempotency_key: None | str | Unset = UNSET,
) -> ThreadReadUpTo:
    """Mark a thread as read

    `up_to` never moves the mark back. The read mark of the conversation is another one.

    Args:
        id (str):
        seq (int):
        idempotency_key (None | str | Unset):
        body (ThreadReadRequest): How far the caller has read a thread.
    """
    return sync_detailed(
        id=id,
        seq=seq,
        client=client,
        body=body,
        idempotency_key=idempotency_key,
    ).parsed


async def asyncio(
    id: str,
    seq: int,
    *,
    client: AuthenticatedClient,
    body: ThreadReadRequest,
    idempotency_key: None | str | Unset = UNSET,
) -> ThreadReadUpTo:
    """Calls as `sync` does, without blocking."""
    return (
        await asyncio_detailed(
            id=id,
            seq=seq,
            client=client,
            body=body,
            idempotency_key=idempotency_key,
        )
    ).parsed
