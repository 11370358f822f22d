from http import HTTPStatus
from typing import Any

import httpx

from ... import errors
from ...client import AuthenticatedClient
from ...models.user_storage_list import UserStorageList
from ...types import UNSET, Response, Unset


def _get_kwargs(
    *,
    sort: str | Unset = "bytes",
    limit: int | Unset = 50,
    after: str | Unset = UNSET,
    min_position: str | Unset = UNSET,
) -> dict[str, Any]:

    params: dict[str, Any] = {}

    params["sort"] = sort

    params["limit"] = limit

    params["after"] = after

    params["min_position"] = min_position

    params = {k: v for k, v in params.items() if v is not UNSET and v is not None}

    _kwargs: dict[str, Any] = {
        "method": "get",
        "url": "/v1/admin/storage/users",
        "params": params,
    }

    return _kwargs


def _parse_response(response: httpx.Response) -> UserStorageList:
    if response.status_code == 200:
        response_200 = UserStorageList.from_dict(response.json())

        return response_200

    raise errors.UnexpectedStatus(response.status_code, response.content)


def _build_response(response: httpx.Response) -> Response[UserStorageList]:
    return Response(
        status_code=HTTPStatus(response.status_code),
        content=response.content,
        headers=response.headers,
        parsed=_parse_response(response),
    )


def sync_detailed(
    *,
    client: AuthenticatedClient,
    sort: str | Unset = "bytes",
    limit: int | Unset = 50,
    after: str | Unset = UNSET,
    min_position: str | Unset = UNSET,
) -> Response[UserStorageList]:
    """Calls as `sync` does, and returns the status and the headers too."""
    kwargs = _get_kwargs(
        sort=sort,
        limit=limit,
        after=after,
        min_position=min_position,
    )
    return _build_response(client.get_httpx_client().request(**kwargs))


async def asyncio_detailed(
    *,
    client: AuthenticatedClient,
    sort: str | Unset = "bytes",
    limit: int | Unset = 50,
    after: str | Unset = UNSET,
    min_position: str | Unset = UNSET,
) -> Response[UserStorageList]:
    """Calls as `asyncio` does, and returns the status and the headers too."""
    kwargs = _get_kwargs(
        sort=sort,
        limit=limit,
        after=after,
        min_position=min_position,
    )
    return _build_response(await client.get_async_httpx_client().request(**kwargs))


def sync(
    *,
    client: AuthenticatedClient,
    sort: str | Unset = "bytes",
    limit: int | Unset = 50,
    after: str | Unset = UNSET,
    min_position: str | Unset = UNSET,
) -> UserStorageList:
    """Returns what files occupy, by user

    A user counts the files that they have uploaded, whether anything uses them or not.

    Args:
        sort (str | Unset):  Default: 'bytes'.
        limit (int | Unset):  Default: 50.
        after (str | Unset):
        min_position (str | Unset):
    """
    return sync_detailed(
        client=client,
        sort=sort,
        limit=limit,
        after=after,
        min_position=min_position,
    ).parsed


async def asyncio(
    *,
    client: AuthenticatedClient,
    sort: str | Unset = "bytes",
    limit: int | Unset = 50,
    after: str | Unset = UNSET,
    min_position: str | Unset = UNSET,
) -> UserStorageList:
    """Calls as `sync` does, without blocking."""
    return (
        await asyncio_detailed(
            client=client,
            sort=sort,
            limit=limit,
            after=after,
            min_position=min_position,
        )
    ).parsed
