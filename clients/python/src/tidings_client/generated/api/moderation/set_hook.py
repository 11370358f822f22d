from http import HTTPStatus
from typing import Any

import httpx

from ... import errors
from ...client import AuthenticatedClient
from ...models.hook_request import HookRequest
from ...models.set_hook import SetHook
from ...types import UNSET, Response, Unset


def _get_kwargs(
    *,
    body: HookRequest,
    idempotency_key: None | str | Unset = UNSET,
) -> dict[str, Any]:
    headers: dict[str, Any] = {}
    if not isinstance(idempotency_key, Unset):
        headers["Idempotency-Key"] = idempotency_key

    _kwargs: dict[str, Any] = {
        "method": "put",
        "url": "/v1/moderation/hook",
    }

    _kwargs["json"] = body.to_dict()

    headers["Content-Type"] = "application/json"

    _kwargs["headers"] = headers
    return _kwargs


def _parse_response(response: httpx.Response) -> SetHook:
    if response.status_code == 200:
        response_200 = SetHook.from_dict(response.json())

        return response_200

    raise errors.UnexpectedStatus(response.status_code, response.content)


def _build_response(response: httpx.Response) -> Response[SetHook]:
    return Response(
        status_code=HTTPStatus(response.status_code),
        content=response.content,
        headers=response.headers,
        parsed=_parse_response(response),
    )


def sync_detailed(
    *,
    client: AuthenticatedClient,
    body: HookRequest,
    idempotency_key: None | str | Unset = UNSET,
) -> Response[SetHook]:
    """Calls as `sync` does, and returns the status and the headers too."""
    kwargs = _get_kwargs(
        body=body,
        idempotency_key=idempotency_key,
    )
    return _build_response(client.get_httpx_client().request(**kwargs))


async def asyncio_detailed(
    *,
    client: AuthenticatedClient,
    body: HookRequest,
    idempotency_key: None | str | Unset = UNSET,
) -> Response[SetHook]:
    """Calls as `asyncio` does, and returns the status and the headers too."""
    kwargs = _get_kwargs(
        body=body,
        idempotency_key=idempotency_key,
    )
    return _build_response(await client.get_async_httpx_client().request(**kwargs))


def sync(
    *,
    client: AuthenticatedClient,
    body: HookRequest,
    idempotency_key: None | str | Unset = UNSET,
) -> SetHook:
    """Sets the service that checks messages before they are sent.

    Args:
        idempotency_key (None | str | Unset):
        body (HookRequest): Which service checks messages, and how it is asked.
    """
    return sync_detailed(
        client=client,
        body=body,
        idempotency_key=idempotency_key,
    ).parsed


async def asyncio(
    *,
    client: AuthenticatedClient,
    body: HookRequest,
    idempotency_key: None | str | Unset = UNSET,
) -> SetHook:
    """Calls as `sync` does, without blocking."""
    return (
        await asyncio_detailed(
            client=client,
            body=body,
            idempotency_key=idempotency_key,
        )
    ).parsed
