from http import HTTPStatus
from typing import Any

import httpx

from ... import errors
from ...client import AuthenticatedClient
from ...models.admin_desks import AdminDesks
from ...types import UNSET, Response, Unset


def _get_kwargs(
    *,
    limit: int | Unset = 50,
    after: str | Unset = UNSET,
    min_position: str | Unset = UNSET,
) -> dict[str, Any]:

    params: dict[str, Any] = {}

    params["limit"] = limit

    params["after"] = after

    params["min_position"] = min_position

    params = {k: v for k, v in params.items() if v is not UNSET and v is not None}

    _kwargs: dict[str, Any] = {
        "method": "get",
        "url": "/v1/admin/desks",
        "params": params,
    }

    return _kwargs


def _parse_response(response: httpx.Response) -> AdminDesks:
    if response.status_code == 200:
        response_200 = AdminDesks.from_dict(response.json())

        return response_200

    raise errors.UnexpectedStatus(response.status_code, response.content)


def _build_response(response: httpx.Response) -> Response[AdminDesks]:
    return Response(
        status_code=HTTPStatus(response.status_code),
        content=response.content,
        headers=response.headers,
        parsed=_parse_response(response),
    )


def sync_detailed(
    *,
    client: AuthenticatedClient,
    limit: int | Unset = 50,
    after: str | Unset = UNSET,
    min_position: str | Unset = UNSET,
) -> Response[AdminDesks]:
    """Calls as `sync` does, and returns the status and the headers too."""
    kwargs = _get_kwargs(
        limit=limit,
        after=after,
        min_position=min_position,
    )
    return _build_response(client.get_httpx_client().request(**kwargs))


async def asyncio_detailed(
    *,
    client: AuthenticatedClient,
    limit: int | Unset = 50,
    after: str | Unset = UNSET,
    min_position: str | Unset = UNSET,
) -> Response[AdminDesks]:
    """Calls as `asyncio` does, and returns the status and the headers too."""
    kwargs = _get_kwargs(
        limit=limit,
        after=after,
        min_position=min_position,
    )
    return _build_response(await client.get_async_httpx_client().request(**kwargs))


def sync(
    *,
    client: AuthenticatedClient,
    limit: int | Unset = 50,
    after: str | Unset = UNSET,
    min_position: str | Unset = UNSET,
) -> AdminDesks:
    """Returns the desks with their settings. For administrators.

    Args:
        limit (int | Unset):  Default: 50.
        after (str | Unset):
        min_position (str | Unset):
    """
    return sync_detailed(
        client=client,
        limit=limit,
        after=after,
        min_position=min_position,
    ).parsed


async def asyncio(
    *,
    client: AuthenticatedClient,
    limit: int | Unset = 50,
    after: str | Unset = UNSET,
    min_position: str | Unset = UNSET,
) -> AdminDesks:
    """Calls as `sync` does, without blocking."""
    return (
        await asyncio_detailed(
            client=client,
            limit=limit,
            after=after,
            min_position=min_position,
        )
    ).parsed
