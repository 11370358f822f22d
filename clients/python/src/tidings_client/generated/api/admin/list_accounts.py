from http import HTTPStatus
from typing import Any

import httpx

from ... import errors
from ...client import AuthenticatedClient
from ...models.account_list import AccountList
from ...types import UNSET, Response, Unset


def _get_kwargs(
    *,
    q: str | Unset = UNSET,
    scope: str | Unset = UNSET,
    limit: int | Unset = 50,
    after: str | Unset = UNSET,
) -> dict[str, Any]:

    params: dict[str, Any] = {}

    params["q"] = q

    params["scope"] = scope

    params["limit"] = limit

    params["after"] = after

    params = {k: v for k, v in params.items() if v is not UNSET and v is not None}

    _kwargs: dict[str, Any] = {
        "method": "get",
        "url": "/v1/admin/accounts",
        "params": params,
    }

    return _kwargs


def _parse_response(response: httpx.Response) -> AccountList:
    if response.status_code == 200:
        response_200 = AccountList.from_dict(response.json())

        return response_200

    raise errors.UnexpectedStatus(response.status_code, response.content)


def _build_response(response: httpx.Response) -> Response[AccountList]:
    return Response(
        status_code=HTTPStatus(response.status_code),
        content=response.content,
        headers=response.headers,
        parsed=_parse_response(response),
    )


def sync_detailed(
    *,
    client: AuthenticatedClient,
    q: str | Unset = UNSET,
    scope: str | Unset = UNSET,
    limit: int | Unset = 50,
    after: str | Unset = UNSET,
) -> Response[AccountList]:
    """Calls as `sync` does, and returns the status and the headers too."""
    kwargs = _get_kwargs(
        q=q,
        scope=scope,
        limit=limit,
        after=after,
    )
    return _build_response(client.get_httpx_client().request(**kwargs))


async def asyncio_detailed(
    *,
    client: AuthenticatedClient,
    q: str | Unset = UNSET,
    scope: str | Unset = UNSET,
    limit: int | Unset = 50,
    after: str | Unset = UNSET,
) -> Response[AccountList]:
    """Calls as `asyncio` does, and returns the status and the headers too."""
    kwargs = _get_kwargs(
        q=q,
        scope=scope,
        limit=limit,
        after=after,
    )
    return _build_response(await client.get_async_httpx_client().request(**kwargs))


def sync(
    *,
    client: AuthenticatedClient,
    q: str | Unset = UNSET,
    scope: str | Unset = UNSET,
    limit: int | Unset = 50,
    after: str | Unset = UNSET,
) -> AccountList:
    """Returns the local accounts.

    Args:
        q (str | Unset):
        scope (str | Unset):
        limit (int | Unset):  Default: 50.
        after (str | Unset):
    """
    return sync_detailed(
        client=client,
        q=q,
        scope=scope,
        limit=limit,
        after=after,
    ).parsed


async def asyncio(
    *,
    client: AuthenticatedClient,
    q: str | Unset = UNSET,
    scope: str | Unset = UNSET,
    limit: int | Unset = 50,
    after: str | Unset = UNSET,
) -> AccountList:
    """Calls as `sync` does, without blocking."""
    return (
        await asyncio_detailed(
            client=client,
            q=q,
            scope=scope,
            limit=limit,
            after=after,
        )
    ).parsed
