from http import HTTPStatus
from typing import Any
from urllib.parse import quote

import httpx

from ... import errors
from ...client import AuthenticatedClient
from ...models.changed_webhook import ChangedWebhook
from ...types import Response


def _get_kwargs(
    id: int,
) -> dict[str, Any]:

    _kwargs: dict[str, Any] = {
        "method": "delete",
        "url": "/v1/admin/webhooks/{id}".format(
            id=quote(str(id), safe=""),
        ),
    }

    return _kwargs


def _parse_response(response: httpx.Response) -> ChangedWebhook:
    if response.status_code == 200:
        response_200 = ChangedWebhook.from_dict(response.json())

        return response_200

    raise errors.UnexpectedStatus(response.status_code, response.content)


def _build_response(response: httpx.Response) -> Response[ChangedWebhook]:
    return Response(
        status_code=HTTPStatus(response.status_code),
        content=response.content,
        headers=response.headers,
        parsed=_parse_response(response),
    )


def sync_detailed(
    id: int,
    *,
    client: AuthenticatedClient,
) -> Response[ChangedWebhook]:
    """Calls as `sync` does, and returns the status and the headers too."""
    kwargs = _get_kwargs(
        id=id,
    )
    return _build_response(client.get_httpx_client().request(**kwargs))


async def asyncio_detailed(
    id: int,
    *,
    client: AuthenticatedClient,
) -> Response[ChangedWebhook]:
    """Calls as `asyncio` does, and returns the status and the headers too."""
    kwargs = _get_kwargs(
        id=id,
    )
    return _build_response(await client.get_async_httpx_client().request(**kwargs))


def sync(
    id: int,
    *,
    client: AuthenticatedClient,
) -> ChangedWebhook:
    """Remove a webhook

    Its waiting and parked deliveries are removed too.

    Args:
        id (int):
    """
    return sync_detailed(
        id=id,
        client=client,
    ).parsed


async def asyncio(
    id: int,
    *,
    client: AuthenticatedClient,
) -> ChangedWebhook:
    """Calls as `sync` does, without blocking."""
    return (
        await asyncio_detailed(
            id=id,
            client=client,
        )
    ).parsed
