from http import HTTPStatus
from typing import Any
from urllib.parse import quote

import httpx

from ... import errors
from ...client import AuthenticatedClient
from ...models.open_request import OpenRequest
from ...models.opened_session import OpenedSession
from ...types import UNSET, Response, Unset


def _get_kwargs(
    desk: str,
    *,
    body: OpenRequest,
    idempotency_key: None | str | Unset = UNSET,
) -> dict[str, Any]:
    headers: dict[str, Any] = {}
    if not isinstance(idempotency_key, Unset):
        headers["Idempotency-Key"] = idempotency_key

    _kwargs: dict[str, Any] = {
        "method": "post",
        "url": "/v1/desks/{desk}/sessions".format(
            desk=quote(str(desk), safe=""),
        ),
    }

    _kwargs["json"] = body.to_dict()

    headers["Content-Type"] = "application/json"

    _kwargs["headers"] = headers
    return _kwargs


def _parse_response(response: httpx.Response) -> OpenedSession:
    if response.status_code == 200:
        response_200 = OpenedSession.from_dict(response.json())

        return response_200

    if response.status_code == 201:
        response_201 = OpenedSession.from_dict(response.json())

        return response_201

    raise errors.UnexpectedStatus(response.status_code, response.content)


def _build_response(response: httpx.Response) -> Response[OpenedSession]:
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
    body: OpenRequest,
    idempotency_key: None | str | Unset = UNSET,
) -> Response[OpenedSession]:
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
    body: OpenRequest,
    idempotency_key: None | str | Unset = UNSET,
) -> Response[OpenedSession]:
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
    body: OpenRequest,
    idempotency_key: None | str | Unset = UNSET,
) -> OpenedSession:
    """Open a session at a service desk

    The customer's conversation with the desk is created if this is their first session; its history
    continues forever. If the customer has a session at the desk that is not closed, that one is
    returned. With `text`, the message is sent in it, as `POST /v1/conversations/{id}/messages`
    sends one.

    Args:
        desk (str):
        idempotency_key (None | str | Unset):
        body (OpenRequest): What a customer says first.
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
    body: OpenRequest,
    idempotency_key: None | str | Unset = UNSET,
) -> OpenedSession:
    """Calls as `sync` does, without blocking."""
    return (
        await asyncio_detailed(
            desk=desk,
            client=client,
            body=body,
            idempotency_key=idempotency_key,
        )
    ).parsed
