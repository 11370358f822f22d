from http import HTTPStatus
from typing import Any

import httpx

from ... import errors
from ...client import AuthenticatedClient
from ...models.entries import Entries
from ...models.list_entries_reactions import ListEntriesReactions
from ...types import UNSET, Response, Unset


def _get_kwargs(
    *,
    after: str | Unset = UNSET,
    limit: int | Unset = 200,
    device: str | Unset = UNSET,
    reactions: ListEntriesReactions | Unset = UNSET,
    min_position: str | Unset = UNSET,
) -> dict[str, Any]:

    params: dict[str, Any] = {}

    params["after"] = after

    params["limit"] = limit

    params["device"] = device

    json_reactions: str | Unset = UNSET
    if not isinstance(reactions, Unset):
        json_reactions = reactions.value

    params["reactions"] = json_reactions

    params["min_position"] = min_position

    params = {k: v for k, v in params.items() if v is not UNSET and v is not None}

    _kwargs: dict[str, Any] = {
        "method": "get",
        "url": "/v1/inbox/entries",
        "params": params,
    }

    return _kwargs


def _parse_response(response: httpx.Response) -> Entries:
    if response.status_code == 200:
        response_200 = Entries.from_dict(response.json())

        return response_200

    raise errors.UnexpectedStatus(response.status_code, response.content)


def _build_response(response: httpx.Response) -> Response[Entries]:
    return Response(
        status_code=HTTPStatus(response.status_code),
        content=response.content,
        headers=response.headers,
        parsed=_parse_response(response),
    )


def sync_detailed(
    *,
    client: AuthenticatedClient,
    after: str | Unset = UNSET,
    limit: int | Unset = 200,
    device: str | Unset = UNSET,
    reactions: ListEntriesReactions | Unset = UNSET,
    min_position: str | Unset = UNSET,
) -> Response[Entries]:
    """Calls as `sync` does, and returns the status and the headers too."""
    kwargs = _get_kwargs(
        after=after,
        limit=limit,
        device=device,
        reactions=reactions,
        min_position=min_position,
    )
    return _build_response(client.get_httpx_client().request(**kwargs))


async def asyncio_detailed(
    *,
    client: AuthenticatedClient,
    after: str | Unset = UNSET,
    limit: int | Unset = 200,
    device: str | Unset = UNSET,
    reactions: ListEntriesReactions | Unset = UNSET,
    min_position: str | Unset = UNSET,
) -> Response[Entries]:
    """Calls as `asyncio` does, and returns the status and the headers too."""
    kwargs = _get_kwargs(
        after=after,
        limit=limit,
        device=device,
        reactions=reactions,
        min_position=min_position,
    )
    return _build_response(await client.get_async_httpx_client().request(**kwargs))


def sync(
    *,
    client: AuthenticatedClient,
    after: str | Unset = UNSET,
    limit: int | Unset = 200,
    device: str | Unset = UNSET,
    reactions: ListEntriesReactions | Unset = UNSET,
    min_position: str | Unset = UNSET,
) -> Entries:
    """Returns what happened since a cursor.

    Args:
        after (str | Unset):
        limit (int | Unset):  Default: 200.
        device (str | Unset):
        reactions (ListEntriesReactions | Unset): How a response shows reactions, other than
            with lists of users.
        min_position (str | Unset):
    """
    return sync_detailed(
        client=client,
        after=after,
        limit=limit,
        device=device,
        reactions=reactions,
        min_position=min_position,
    ).parsed


async def asyncio(
    *,
    client: AuthenticatedClient,
    after: str | Unset = UNSET,
    limit: int | Unset = 200,
    device: str | Unset = UNSET,
    reactions: ListEntriesReactions | Unset = UNSET,
    min_position: str | Unset = UNSET,
) -> Entries:
    """Calls as `sync` does, without blocking."""
    return (
        await asyncio_detailed(
            client=client,
            after=after,
            limit=limit,
            device=device,
            reactions=reactions,
            min_position=min_position,
        )
    ).parsed
