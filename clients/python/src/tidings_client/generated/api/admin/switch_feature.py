from http import HTTPStatus
from typing import Any
from urllib.parse import quote

import httpx

from ... import errors
from ...client import AuthenticatedClient
from ...models.positioned import Positioned
from ...models.switch_request import SwitchRequest
from ...types import UNSET, Response, Unset


def _get_kwargs(
    name: str,
    *,
    body: SwitchRequest,
    idempotency_key: None | str | Unset = UNSET,
) -> dict[str, Any]:
    headers: dict[str, Any] = {}
    if not isinstance(idempotency_key, Unset):
        headers["Idempotency-Key"] = idempotency_key

    _kwargs: dict[str, Any] = {
        "method": "put",
        "url": "/v1/admin/switches/{name}".format(
            name=quote(str(name), safe=""),
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
    name: str,
    *,
    client: AuthenticatedClient,
    body: SwitchRequest,
    idempotency_key: None | str | Unset = UNSET,
) -> Response[Positioned]:
    """Calls as `sync` does, and returns the status and the headers too."""
    kwargs = _get_kwargs(
        name=name,
        body=body,
        idempotency_key=idempotency_key,
    )
    return _build_response(client.get_httpx_client().request(**kwargs))


async def asyncio_detailed(
    name: str,
    *,
    client: AuthenticatedClient,
    body: SwitchRequest,
    idempotency_key: None | str | Unset = UNSET,
) -> Response[Positioned]:
    """Calls as `asyncio` does, and returns the status and the headers too."""
    kwargs = _get_kwargs(
        name=name,
        body=body,
        idempotency_key=idempotency_key,
    )
    return _build_response(await client.get_async_httpx_client().request(**kwargs))


def sync(
    name: str,
    *,
    client: AuthenticatedClient,
    body: SwitchRequest,
    idempotency_key: None | str | Unset = UNSET,
) -> Positioned:
    """Switch a feature off or on

    Every process follows within a second. The commands and queries of a feature that is off answer
    503 `switched_off` with `Retry-After`, and its live frames stop; everything else continues.
    `receipts` hides who has received and read a message; read marks and acknowledgements continue,
    because unread counts need them.

    Args:
        name (str):
        idempotency_key (None | str | Unset):
        body (SwitchRequest): Whether a feature is on.
    """
    return sync_detailed(
        name=name,
        client=client,
        body=body,
        idempotency_key=idempotency_key,
    ).parsed


async def asyncio(
    name: str,
    *,
    client: AuthenticatedClient,
    body: SwitchRequest,
    idempotency_key: None | str | Unset = UNSET,
) -> Positioned:
    """Calls as `sync` does, without blocking."""
    return (
        await asyncio_detailed(
            name=name,
            client=client,
            body=body,
            idempotency_key=idempotency_key,
        )
    ).parsed
