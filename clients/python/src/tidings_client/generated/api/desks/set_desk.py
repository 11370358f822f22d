from http import HTTPStatus
from typing import Any
from urllib.parse import quote

import httpx

from ... import errors
from ...client import AuthenticatedClient
from ...models.desk_request import DeskRequest
from ...models.positioned import Positioned
from ...types import UNSET, Response, Unset


def _get_kwargs(
    desk: str,
    *,
    body: DeskRequest,
    idempotency_key: None | str | Unset = UNSET,
) -> dict[str, Any]:
    headers: dict[str, Any] = {}
    if not isinstance(idempotency_key, Unset):
        headers["Idempotency-Key"] = idempotency_key

    _kwargs: dict[str, Any] = {
        "method": "put",
        "url": "/v1/admin/desks/{desk}".format(
            desk=quote(str(desk), safe=""),
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
    desk: str,
    *,
    client: AuthenticatedClient,
    body: DeskRequest,
    idempotency_key: None | str | Unset = UNSET,
) -> Response[Positioned]:
    """Calls as `sync` does, and returns the status and the headers too."""
    kwargs = _get_kwargs(
        desk=desk,
        body=body,
        idempotency_key=idempotency_key,
    )
    return _build_response(client.get_httpx_client().request(**kwargs))


async def asyncio_detailed(
    desk: str,
    *,
    client: AuthenticatedClient,
    body: DeskRequest,
    idempotency_key: None | str | Unset = UNSET,
) -> Response[Positioned]:
    """Calls as `asyncio` does, and returns the status and the headers too."""
    kwargs = _get_kwargs(
        desk=desk,
        body=body,
        idempotency_key=idempotency_key,
    )
    return _build_response(await client.get_async_httpx_client().request(**kwargs))


def sync(
    desk: str,
    *,
    client: AuthenticatedClient,
    body: DeskRequest,
    idempotency_key: None | str | Unset = UNSET,
) -> Positioned:
    """Set a service desk

    Creates the desk or replaces all its settings. A user who is no agent any more loses the
    conversations of the desk within a second, and their open sessions wait again.

    Args:
        desk (str):
        idempotency_key (None | str | Unset):
        body (DeskRequest): All settings of a desk.
    """
    return sync_detailed(
        desk=desk,
        client=client,
        body=body,
        idempotency_key=idempotency_key,
    ).parsed


async def asyncio(
    desk: str,
    *,
    client: AuthenticatedClient,
    body: DeskRequest,
    idempotency_key: None | str | Unset = UNSET,
) -> Positioned:
    """Calls as `sync` does, without blocking."""
    return (
        await asyncio_detailed(
            desk=desk,
            client=client,
            body=body,
            idempotency_key=idempotency_key,
        )
    ).parsed
