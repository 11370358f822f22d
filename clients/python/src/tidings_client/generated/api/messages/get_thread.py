from http import HTTPStatus
from typing import Any
from urllib.parse import quote

import httpx

from ... import errors
from ...client import AuthenticatedClient
from ...models.get_thread_reactions import GetThreadReactions
from ...models.thread import Thread
from ...types import UNSET, Response, Unset


def _get_kwargs(
    id: str,
    seq: int,
    *,
    limit: int | Unset = 50,
    after: int | Unset = UNSET,
    before: int | Unset = UNSET,
    reactions: GetThreadReactions | Unset = UNSET,
    as_of: str | Unset = UNSET,
    as_user: str | Unset = UNSET,
    min_position: str | Unset = UNSET,
) -> dict[str, Any]:

    params: dict[str, Any] = {}

    params["limit"] = limit

    params["after"] = after

    params["before"] = before

    json_reactions: str | Unset = UNSET
    if not isinstance(reactions, Unset):
        json_reactions = reactions.value

    params["reactions"] = json_reactions

    params["as_of"] = as_of

    params["as_user"] = as_user

    params["min_position"] = min_position

    params = {k: v for k, v in params.items() if v is not UNSET and v is not None}

    _kwargs: dict[str, Any] = {
        "method": "get",
        "url": "/v1/conversations/{id}/messages/{seq}/thread".format(
            id=quote(str(id), safe=""),
            seq=quote(str(seq), safe=""),
        ),
        "params": params,
    }

    return _kwargs


def _parse_response(response: httpx.Response) -> Thread:
    if response.status_code == 200:
        response_200 = Thread.from_dict(response.json())

        return response_200

    raise errors.UnexpectedStatus(response.status_code, response.content)


def _build_response(response: httpx.Response) -> Response[Thread]:
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
    limit: int | Unset = 50,
    after: int | Unset = UNSET,
    before: int | Unset = UNSET,
    reactions: GetThreadReactions | Unset = UNSET,
    as_of: str | Unset = UNSET,
    as_user: str | Unset = UNSET,
    min_position: str | Unset = UNSET,
) -> Response[Thread]:
    """Calls as `sync` does, and returns the status and the headers too."""
    kwargs = _get_kwargs(
        id=id,
        seq=seq,
        limit=limit,
        after=after,
        before=before,
        reactions=reactions,
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
    limit: int | Unset = 50,
    after: int | Unset = UNSET,
    before: int | Unset = UNSET,
    reactions: GetThreadReactions | Unset = UNSET,
    as_of: str | Unset = UNSET,
    as_user: str | Unset = UNSET,
    min_position: str | Unset = UNSET,
) -> Response[Thread]:
    """Calls as `asyncio` does, and returns the status and the headers too."""
    kwargs = _get_kwargs(
        id=id,
        seq=seq,
        limit=limit,
        after=after,
        before=before,
        reactions=reactions,
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
    limit: int | Unset = 50,
    after: int | Unset = UNSET,
    before: int | Unset = UNSET,
    reactions: GetThreadReactions | Unset = UNSET,
    as_of: str | Unset = UNSET,
    as_user: str | Unset = UNSET,
    min_position: str | Unset = UNSET,
) -> Thread:
    """Returns the replies of a message.

    Args:
        id (str):
        seq (int):
        limit (int | Unset):  Default: 50.
        after (int | Unset):
        before (int | Unset):
        reactions (GetThreadReactions | Unset): How a response shows reactions, other than
            with lists of users.
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
        before=before,
        reactions=reactions,
        as_of=as_of,
        as_user=as_user,
        min_position=min_position,
    ).parsed


async def asyncio(
    id: str,
    seq: int,
    *,
    client: AuthenticatedClient,
    limit: int | Unset = 50,
    after: int | Unset = UNSET,
    before: int | Unset = UNSET,
    reactions: GetThreadReactions | Unset = UNSET,
    as_of: str | Unset = UNSET,
    as_user: str | Unset = UNSET,
    min_position: str | Unset = UNSET,
) -> Thread:
    """Calls as `sync` does, without blocking."""
    return (
        await asyncio_detailed(
            id=id,
            seq=seq,
            client=client,
            limit=limit,
            after=after,
            before=before,
            reactions=reactions,
            as_of=as_of,
            as_user=as_user,
            min_position=min_position,
        )
    ).parsed
