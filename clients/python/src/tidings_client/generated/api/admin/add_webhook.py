from http import HTTPStatus
from typing import Any

import httpx

from ... import errors
from ...client import AuthenticatedClient
from ...models.added_webhook import AddedWebhook
from ...models.webhook_request import WebhookRequest
from ...types import UNSET, Response, Unset


def _get_kwargs(
    *,
    body: WebhookRequest,
    idempotency_key: None | str | Unset = UNSET,
) -> dict[str, Any]:
    headers: dict[str, Any] = {}
    if not isinstance(idempotency_key, Unset):
        headers["Idempotency-Key"] = idempotency_key

    _kwargs: dict[str, Any] = {
        "method": "post",
        "url": "/v1/admin/webhooks",
    }

    _kwargs["json"] = body.to_dict()

    headers["Content-Type"] = "application/json"

    _kwargs["headers"] = headers
    return _kwargs


def _parse_response(response: httpx.Response) -> AddedWebhook:
    if response.status_code == 201:
        response_201 = AddedWebhook.from_dict(response.json())

        return response_201

    raise errors.UnexpectedStatus(response.status_code, response.content)


def _build_response(response: httpx.Response) -> Response[AddedWebhook]:
    return Response(
        status_code=HTTPStatus(response.status_code),
        content=response.content,
        headers=response.headers,
        parsed=_parse_response(response),
    )


def sync_detailed(
    *,
    client: AuthenticatedClient,
    body: WebhookRequest,
    idempotency_key: None | str | Unset = UNSET,
) -> Response[AddedWebhook]:
    """Calls as `sync` does, and returns the status and the headers too."""
    kwargs = _get_kwargs(
        body=body,
        idempotency_key=idempotency_key,
    )
    return _build_response(client.get_httpx_client().request(**kwargs))


async def asyncio_detailed(
    *,
    client: AuthenticatedClient,
    body: WebhookRequest,
    idempotency_key: None | str | Unset = UNSET,
) -> Response[AddedWebhook]:
    """Calls as `asyncio` does, and returns the status and the headers too."""
    kwargs = _get_kwargs(
        body=body,
        idempotency_key=idempotency_key,
    )
    return _build_response(await client.get_async_httpx_client().request(**kwargs))


def sync(
    *,
    client: AuthenticatedClient,
    body: WebhookRequest,
    idempotency_key: None | str | Unset = UNSET,
) -> AddedWebhook:
    """Add a webhook

    The server signs its deliveries with the secret of the answer, as docs/webhooks.md describes.

    Args:
        idempotency_key (None | str | Unset):
        body (WebhookRequest): A webhook to add.
    """
    return sync_detailed(
        client=client,
        body=body,
        idempotency_key=idempotency_key,
    ).parsed


async def asyncio(
    *,
    client: AuthenticatedClient,
    body: WebhookRequest,
    idempotency_key: None | str | Unset = UNSET,
) -> AddedWebhook:
    """Calls as `sync` does, without blocking."""
    return (
        await asyncio_detailed(
            client=client,
            body=body,
            idempotency_key=idempotency_key,
        )
    ).parsed
