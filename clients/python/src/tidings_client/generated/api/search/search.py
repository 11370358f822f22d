from http import HTTPStatus
from typing import Any

import httpx

from ... import errors
from ...client import AuthenticatedClient
from ...models.search_page import SearchPage
from ...models.search_sort import SearchSort
from ...types import UNSET, Response, Unset


def _get_kwargs(
    *,
    q: str,
    limit: int | Unset = 20,
    cursor: str | Unset = UNSET,
    sort: SearchSort | Unset = SearchSort.RELEVANCE,
    as_user: str | Unset = UNSET,
    min_position: str | Unset = UNSET,
) -> dict[str, Any]:

    params: dict[str, Any] = {}

    params["q"] = q

    params["limit"] = limit

    params["cursor"] = cursor

    json_sort: str | Unset = UNSET
    if not isinstance(sort, Unset):
        json_sort = sort.value

    params["sort"] = json_sort

    params["as_user"] = as_user

    params["min_position"] = min_position

    params = {k: v for k, v in params.items() if v is not UNSET and v is not None}

    _kwargs: dict[str, Any] = {
        "method": "get",
        "url": "/v1/search",
        "params": params,
    }

    return _kwargs


def _parse_response(response: httpx.Response) -> SearchPage:
    if response.status_code == 200:
        response_200 = SearchPage.from_dict(response.json())

        return response_200

    raise errors.UnexpectedStatus(response.status_code, response.content)


def _build_response(response: httpx.Response) -> Response[SearchPage]:
    return Response(
        status_code=HTTPStatus(response.status_code),
        content=response.content,
        headers=response.headers,
        parsed=_parse_response(response),
    )


def sync_detailed(
    *,
    client: AuthenticatedClient,
    q: str,
    limit: int | Unset = 20,
    cursor: str | Unset = UNSET,
    sort: SearchSort | Unset = SearchSort.RELEVANCE,
    as_user: str | Unset = UNSET,
    min_position: str | Unset = UNSET,
) -> Response[SearchPage]:
    """Calls as `sync` does, and returns the status and the headers too."""
    kwargs = _get_kwargs(
        q=q,
        limit=limit,
        cursor=cursor,
        sort=sort,
        as_user=as_user,
        min_position=min_position,
    )
    return _build_response(client.get_httpx_client().request(**kwargs))


async def asyncio_detailed(
    *,
    client: AuthenticatedClient,
    q: str,
    limit: int | Unset = 20,
    cursor: str | Unset = UNSET,
    sort: SearchSort | Unset = SearchSort.RELEVANCE,
    as_user: str | Unset = UNSET,
    min_position: str | Unset = UNSET,
) -> Response[SearchPage]:
    """Calls as `asyncio` does, and returns the status and the headers too."""
    kwargs = _get_kwargs(
        q=q,
        limit=limit,
        cursor=cursor,
        sort=sort,
        as_user=as_user,
        min_position=min_position,
    )
    return _build_response(await client.get_async_httpx_client().request(**kwargs))


def sync(
    *,
    client: AuthenticatedClient,
    q: str,
    limit: int | Unset = 20,
    cursor: str | Unset = UNSET,
    sort: SearchSort | Unset = SearchSort.RELEVANCE,
    as_user: str | Unset = UNSET,
    min_position: str | Unset = UNSET,
) -> SearchPage:
    """Searches the messages that are visible to the caller.

    Args:
        q (str):
        limit (int | Unset):  Default: 20.
        cursor (str | Unset):
        sort (SearchSort | Unset): `relevance`: the BM25 score, reduced by age: by a tenth
            after a month, and by up to a fifth for very old messages. `newest`: by position in
            the log, the last one first. Default: SearchSort.RELEVANCE.
        as_user (str | Unset):
        min_position (str | Unset):
    """
    return sync_detailed(
        client=client,
        q=q,
        limit=limit,
        cursor=cursor,
        sort=sort,
        as_user=as_user,
        min_position=min_position,
    ).parsed


async def asyncio(
    *,
    client: AuthenticatedClient,
    q: str,
    limit: int | Unset = 20,
    cursor: str | Unset = UNSET,
    sort: SearchSort | Unset = SearchSort.RELEVANCE,
    as_user: str | Unset = UNSET,
    min_position: str | Unset = UNSET,
) -> SearchPage:
    """Calls as `sync` does, without blocking."""
    return (
        await asyncio_detailed(
            client=client,
            q=q,
            limit=limit,
            cursor=cursor,
            sort=sort,
            as_user=as_user,
            min_position=min_position,
        )
    ).parsed
