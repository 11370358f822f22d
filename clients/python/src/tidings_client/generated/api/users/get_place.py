from http import HTTPStatus
from typing import Any

import httpx

from ... import errors
from ...client import AuthenticatedClient, Client
from ...models.place import Place
from ...types import Response


def _get_kwargs() -> dict[str, Any]:

    _kwargs: dict[str, Any] = {
        "method": "get",
        "url": "/v1/place",
    }

    return _kwargs


def _parse_response(response: httpx.Response) -> Place:
    if response.status_code == 200:
        response_200 = Place.from_dict(response.json())

        return response_200

    raise errors.UnexpectedStatus(response.status_code, response.content)


def _build_response(response: httpx.Response) -> Response[Place]:
    return Response(
        status_code=HTTPStatus(response.status_code),
        content=response.content,
        headers=response.headers,
        parsed=_parse_response(response),
    )


def sync_detailed(
    *,
    client: AuthenticatedClient | Client,
) -> Response[Place]:
    """Calls as `sync` does, and returns the status and the headers too."""
    kwargs = _get_kwargs()
    return _build_response(client.get_httpx_client().request(**kwargs))


async def asyncio_detailed(
    *,
    client: AuthenticatedClient | Client,
) -> Response[Place]:
    """Calls as `asyncio` does, and returns the status and the headers too."""
    kwargs = _get_kwargs()
    return _build_response(await client.get_async_httpx_client().request(**kwargs))


def sync(
    *,
    client: AuthenticatedClient | Client,
) -> Place:
    """Returns what the place is called, and how one gets into it."""
    return sync_detailed(
        client=client,
    ).parsed


async def asyncio(
    *,
    client: AuthenticatedClient | Client,
) -> Place:
    """Calls as `sync` does, without blocking."""
    return (
        await asyncio_detailed(
            client=client,
        )
    ).parsed
