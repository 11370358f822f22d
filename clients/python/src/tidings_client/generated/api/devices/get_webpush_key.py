from http import HTTPStatus
from typing import Any

import httpx

from ... import errors
from ...client import AuthenticatedClient
from ...models.web_push_key import WebPushKey
from ...types import Response


def _get_kwargs() -> dict[str, Any]:

    _kwargs: dict[str, Any] = {
        "method": "get",
        "url": "/v1/push/webpush-key",
    }

    return _kwargs


def _parse_response(response: httpx.Response) -> WebPushKey:
    if response.status_code == 200:
        response_200 = WebPushKey.from_dict(response.json())

        return response_200

    raise errors.UnexpectedStatus(response.status_code, response.content)


def _build_response(response: httpx.Response) -> Response[WebPushKey]:
    return Response(
        status_code=HTTPStatus(response.status_code),
        content=response.content,
        headers=response.headers,
        parsed=_parse_response(response),
    )


def sync_detailed(
    *,
    client: AuthenticatedClient,
) -> Response[WebPushKey]:
    """Calls as `sync` does, and returns the status and the headers too."""
    kwargs = _get_kwargs()
    return _build_response(client.get_httpx_client().request(**kwargs))


async def asyncio_detailed(
    *,
    client: AuthenticatedClient,
) -> Response[WebPushKey]:
    """Calls as `asyncio` does, and returns the status and the headers too."""
    kwargs = _get_kwargs()
    return _build_response(await client.get_async_httpx_client().request(**kwargs))


def sync(
    *,
    client: AuthenticatedClient,
) -> WebPushKey:
    """Returns the key for Web Push

    A browser subscribes with this key (`applicationServerKey`). It stays the same: a subscription
    belongs to it.

    """
    return sync_detailed(
        client=client,
    ).parsed


async def asyncio(
    *,
    client: AuthenticatedClient,
) -> WebPushKey:
    """Calls as `sync` does, without blocking."""
    return (
        await asyncio_detailed(
            client=client,
        )
    ).parsed
