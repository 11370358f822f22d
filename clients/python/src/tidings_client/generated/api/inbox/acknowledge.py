from http import HTTPStatus
from typing import Any

import httpx

from ... import errors
from ...client import AuthenticatedClient
from ...models.ack_request import AckRequest
from ...models.positioned import Positioned
from ...types import UNSET, Response, Unset


def _get_kwargs(
    *,
    body: AckRequest,
    idempotency_key: None | str | Unset = UNSET,
) -> dict[str, Any]:
    headers: dict[str, Any] = {}
    if not isinstance(idempotency_key, Unset):
        headers["Idempotency-Key"] = idempotency_key

    _kwargs: dict[str, Any] = {
        "method": "post",
        "url": "/v1/inbox/ack",
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
    *,
    client: AuthenticatedClient,
    body: AckRequest,
    idempotency_key: None | str | Unset = UNSET,
) -> Response[Positioned]:
    """Calls as `sync` does, and returns the status and the headers too."""
    kwargs = _get_kwargs(
        body=body,
        idempotency_key=idempotency_key,
    )
    return _build_response(client.get_httpx_client().request(**kwargs))


async def asyncio_detailed(
    *,
    client: AuthenticatedClient,
    body: AckRequest,
    idempotency_key: None | str | Unset = UNSET,
) -> Response[Positioned]:
    """Calls as `asyncio` does, and returns the status and the headers too."""
    kwargs = _get_kwargs(
        body=body,
        idempotency_key=idempotency_key,
    )
    return _build_response(await client.get_async_httpx_client().request(**kwargs))


def sync(
    *,
    client: AuthenticatedClient,
    body: AckRequest,
    idempotency_key: None | str | Unset = UNSET,
) -> Positioned:
    """Acknowledge what a device has received

    The cursor of a device never moves back. A cursor beyond the head of the log is rejected.

    Args:
        idempotency_key (None | str | Unset):
        body (AckRequest): The position up to which a device has received everything.
    """
    return sync_detailed(
        client=client,
        body=body,
        idempotency_key=idempotency_key,
    ).parsed


async def asyncio(
    *,
    client: AuthenticatedClient,
    body: AckRequest,
    idempotency_key: None | str | Unset = UNSET,
) -> Positioned:
    """Calls as `sync` does, without blocking."""
    return (
        await asyncio_detailed(
            client=client,
            body=body,
            idempotency_key=idempotency_key,
        )
    ).parsed
