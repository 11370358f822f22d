from http import HTTPStatus
from typing import Any
from urllib.parse import quote

import httpx

from ... import errors
from ...client import AuthenticatedClient
from ...models.positioned import Positioned
from ...models.push_request import PushRequest
from ...types import UNSET, Response, Unset


def _get_kwargs(
    device: str,
    *,
    body: PushRequest,
    idempotency_key: None | str | Unset = UNSET,
) -> dict[str, Any]:
    headers: dict[str, Any] = {}
    if not isinstance(idempotency_key, Unset):
        headers["Idempotency-Key"] = idempotency_key

    _kwargs: dict[str, Any] = {
        "method": "put",
        "url": "/v1/devices/{device}/push".format(
            device=quote(str(device), safe=""),
        ),
    }

    _kwargs["json"] = body.to_dict()

    headers["Content-Type"] = "application/json"

    _kwargs["headers"] = headers
    return _kwargs


def _parse_response(response: httpx.Response) -> Positioned:
    if response.status_code == 200:
        response_200 = Positioned.from_dict(response.json())

        return response_200

    raise errors.UnexpectedStatus(response.status_code, response.content)


def _build_response(response: httpx.Response) -> Response[Positioned]:
    return Response(
        status_code=HTTPStatus(response.status_code),
        content=response.content,
        headers=response.headers,
        parsed=_parse_response(response),
    )


def sync_detailed(
    device: str,
    *,
    client: AuthenticatedClient,
    body: PushRequest,
    idempotency_key: None | str | Unset = UNSET,
) -> Response[Positioned]:
    """Calls as `sync` does, and returns the status and the headers too."""
    kwargs = _get_kwargs(
        device=device,
        body=body,
        idempotency_key=idempotency_key,
    )
    return _build_response(client.get_httpx_client().request(**kwargs))


async def asyncio_detailed(
    device: str,
    *,
    client: AuthenticatedClient,
    body: PushRequest,
    idempotency_key: None | str | Unset = UNSET,
) -> Response[Positioned]:
    """Calls as `asyncio` does, and returns the status and the headers too."""
    kwargs = _get_kwargs(
        device=device,
        body=body,
        idempotency_key=idempotency_key,
    )
    return _build_response(await client.get_async_httpx_client().request(**kwargs))


def sync(
    device: str,
    *,
    client: AuthenticatedClient,
    body: PushRequest,
    idempotency_key: None | str | Unset = UNSET,
) -> Positioned:
    """Register a device for pushes

    The device gets a push for each notification, until it is dropped: by `DELETE`, when the
    provider says that the token is gone, or when another device registers the same token. An app
    registers at each start; the same registration again changes nothing. A provider that the
    operator has not set up gives 422 `not_configured`.

    Args:
        device (str):
        idempotency_key (None | str | Unset):
        body (PushRequest): How to push to a device.
    """
    return sync_detailed(
        device=device,
        client=client,
        body=body,
        idempotency_key=idempotency_key,
    ).parsed


async def asyncio(
    device: str,
    *,
    client: AuthenticatedClient,
    body: PushRequest,
    idempotency_key: None | str | Unset = UNSET,
) -> Positioned:
    """Calls as `sync` does, without blocking."""
    return (
        await asyncio_detailed(
            device=device,
            client=client,
            body=body,
            idempotency_key=idempotency_key,
        )
    ).parsed
