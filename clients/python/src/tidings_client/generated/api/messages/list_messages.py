from http import HTTPStatus
from typing import Any
from urllib.parse import quote

import httpx

from ... import errors
from ...client import AuthenticatedClient
from ...models.history_page import HistoryPage
from ...models.list_messages_reactions import ListMessagesReactions
from ...types import UNSET, Response, Unset


def _get_kwargs(
    id: str,
    *,
    limit: int | Unset = 20,
    before: int | Unset = UNSET,
    after: int | Unset = UNSET,
    around: int | Unset = UNSET,
    reactions: ListMessagesReactions | Unset = UNSET,
    as_of: str | Unset = UNSET,
    as_user: str | Unset = UNSET,
    min_position: str | Unset = UNSET,
) -> dict[str, Any]:

    params: dict[str, Any] = {}

    params["limit"] = limit

    params["before"] = before

    params["after"] = after

    params["around"] = around

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
        "url": "/v1/conversations/{id}/messages".format(
            id=quote(str(id), safe=""),
        ),
        "params": params,
    }

    return _kwargs


def _parse_response(response: httpx.Response) -> HistoryPage:
    if response.status_code == 200:
        response_200 = HistoryPage.from_dict(response.json())

        return response_200

    raise errors.UnexpectedStatus(response.status_code, response.content)


def _build_response(response: httpx.Response) -> Response[HistoryPage]:
    return Response(
        status_code=HTTPStatus(response.status_code),
        content=response.content,
        headers=response.headers,
        parsed=_parse_response(response),
    )


def sync_detailed(
    id: str,
    *,
    client: AuthenticatedClient,
    limit: int | Unset = 20,
    before: int | Unset = UNSET,
    after: int | Unset = UNSET,
    around: int | Unset = UNSET,
    reactions: ListMessagesReactions | Unset = UNSET,
    as_of: str | Unset = UNSET,
    as_user: str | Unset = UNSET,
    min_position: str | Unset = UNSET,
) -> Response[HistoryPage]:
    """Calls as `sync` does, and returns the status and the headers too."""
    kwargs = _get_kwargs(
        id=id,
        limit=limit,
        before=before,
        after=after,
        around=around,
        reactions=reactions,
        as_of=as_of,
        as_user=as_user,
        min_position=min_position,
    )
    return _build_response(client.get_httpx_client().request(**kwargs))


async def asyncio_detailed(
    id: str,
    *,
    client: AuthenticatedClient,
    limit: int | Unset = 20,
    before: int | Unset = UNSET,
    after: int | Unset = UNSET,
    around: int | Unset = UNSET,
    reactions: ListMessagesReactions | Unset = UNSET,
    as_of: str | Unset = UNSET,
    as_user: str | Unset = UNSET,
    min_position: str | Unset = UNSET,
) -> Response[HistoryPage]:
    """Calls as `asyncio` does, and returns the status and the headers too."""
    kwargs = _get_kwargs(
        id=id,
        limit=limit,
        before=before,
        after=after,
        around=around,
        reactions=reactions,
        as_of=as_of,
        as_user=as_user,
        min_position=min_position,
    )
    return _build_response(await client.get_async_httpx_client().request(**kwargs))


def sync(
    id: str,
    *,
    client: AuthenticatedClient,
    limit: int | Unset = 20,
    before: int | Unset = UNSET,
    after: int | Unset = UNSET,
    around: int | Unset = UNSET,
    reactions: ListMessagesReactions | Unset = UNSET,
    as_of: str | Unset = UNSET,
    as_user: str | Unset = UNSET,
    min_position: str | Unset = UNSET,
) -> HistoryPage:
    """Returns the messages of a conversation in their current state.

    Args:
        id (str):
        limit (int | Unset):  Default: 20.
        before (int | Unset):
        after (int | Unset):
        around (int | Unset):
        reactions (ListMessagesReactions | Unset): How a response shows reactions, other
            than with lists of users.
        as_of (str | Unset):
        as_user (str | Unset):
        min_position (str | Unset):
    """
    return sync_detailed(
        id=id,
        client=client,
        limit=limit,
        before=before,
        after=after,
        around=around,
        reactions=reactions,
        as_of=as_of,
        as_user=as_user,
        min_position=min_position,
    ).parsed


async def asyncio(
    id: str,
    *,
    client: AuthenticatedClient,
    limit: int | Unset = 20,
    before: int | Unset = UNSET,
    after: int | Unset = UNSET,
    around: int | Unset = UNSET,
    reactions: ListMessagesReactions | Unset = UNSET,
    as_of: str | Unset = UNSET,
    as_user: str | Unset = UNSET,
    min_position: str | Unset = UNSET,
) -> HistoryPage:
    """Calls as `sync` does, without blocking."""
    return (
        await asyncio_detailed(
            id=id,
            client=client,
            limit=limit,
            before=before,
            after=after,
            around=around,
            reactions=reactions,
            as_of=as_of,
            as_user=as_user,
            min_position=min_position,
        )
    ).parsed
