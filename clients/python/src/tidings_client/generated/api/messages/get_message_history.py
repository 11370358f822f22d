from http import HTTPStatus
from typing import Any
from urllib.parse import quote

import httpx

from ... import errors
from ...client import AuthenticatedClient
from ...models.message_history import MessageHistory
from ...types import UNSET, Response, Unset


def _get_kwargs(
    id: str,
    seq: int,
    *,
    limit: int | Unset = 200,
    after: str | Unset = UNSET,
    as_of: str | Unset = UNSET,
    as_user: str | Unset = UNSET,
    min_position: str | Unset = UNSET,
) -> dict[str, Any]:

    params: dict[str, Any] = {}

    params["limit"] = limit

    params["after"] = after

    params["as_of"] = as_of

    params["as_user"] = as_user

    params["min_position"] = min_position

    params = {k: v for k, v in params.items() if v is not UNSET and v is not None}

    _kwargs: dict[str, Any] = {
        "method": "get",
        "url": "/v1/conversations/{id}/messages/{seq}/history".format(
            id=quote(str(id), safe=""),
            seq=quote(str(seq), safe=""),
        ),
        "params": params,
    }

    return _kwargs


def _parse_response(response: httpx.Response) -> MessageHistory:
    if response.status_code == 200:
        response_200 = MessageHistory.from_dict(response.json())

        return response_200

    raise errors.UnexpectedStatus(response.status_code, response.content)


def _build_response(response: httpx.Response) -> Response[MessageHistory]:
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
    limit: int | Unset = 200,
    after: str | Unset = UNSET,
    as_of: str | Unset = UNSET,
    as_user: str | Unset = UNSET,
    min_position: str | Unset = UNSET,
) -> Response[MessageHistory]:
    """Calls as `sync` does, and returns the status and the headers too."""
    kwargs = _get_kwargs(
        id=id,
        seq=seq,
        limit=limit,
        after=after,
        as_of=as_of,
        as_user=as_user,
        min_position=min_position,
    )
    return _build_response(client.get_httpx_client().request(**kwargs))


async def asyncio_detailed(
    id: str,
    seq: int,
    *,
    client: AuthenticatedClient,
    limit: int | Unset = 200,
    after: str | Unset = UNSET,
    as_of: str | Unset = UNSET,
    as_user: str | Unset = UNSET,
    min_position: str | Unset = UNSET,
) -> Response[MessageHistory]:
    """Calls as `asyncio` does, and returns the status and the headers too."""
    kwargs = _get_kwargs(
        id=id,
        seq=seq,
        limit=limit,
        after=after,
        as_of=as_of,
        as_user=as_user,
        min_position=min_position,
    )
    return _build_response(await client.get_async_httpx_client().request(**kwargs))


def sync(
    id: str,
    seq: int,
    *,
    client: AuthenticatedClient,
    limit: int | Unset = 200,
    after: str | Unset = UNSET,
    as_of: str | Unset = UNSET,
    as_user: str | Unset = UNSET,
    min_position: str | Unset = UNSET,
) -> MessageHistory:
    """Returns the versions of one message.

    Args:
        id (str):
        seq (int):
        limit (int | Unset):  Default: 200.
        after (str | Unset):
        as_of (str | Unset):
        as_user (str | Unset):
        min_position (str | Unset):
    """
    return sync_detailed(
        id=id,
        seq=seq,
        client=client,
        limit=limit,
        after=after,
        as_of=as_of,
        as_user=as_user,
        min_position=min_position,
    ).parsed


async def asyncio(
    id: str,
    seq: int,
    *,
    client: AuthenticatedClient,
    limit: int | Unset = 200,
    after: str | Unset = UNSET,
    as_of: str | Unset = UNSET,
    as_user: str | Unset = UNSET,
    min_position: str | Unset = UNSET,
) -> MessageHistory:
    """Calls as `sync` does, without blocking."""
    return (
        await asyncio_detailed(
            id=id,
            seq=seq,
            client=client,
            limit=limit,
            after=after,
            as_of=as_of,
            as_user=as_user,
            min_position=min_position,
        )
    ).parsed
