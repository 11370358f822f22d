from http import HTTPStatus
from typing import Any

import httpx

from ... import errors
from ...client import AuthenticatedClient
from ...models.create_request import CreateRequest
from ...models.created import Created
from ...types import UNSET, Response, Unset


def _get_kwargs(
    *,
    body: CreateRequest,
    idempotency_key: None | str | Unset = UNSET,
) -> dict[str, Any]:
    headers: dict[str, Any] = {}
    if not isinstance(idempotency_key, Unset):
        headers["Idempotency-Key"] = idempotency_key

    _kwargs: dict[str, Any] = {
        "method": "post",
        "url": "/v1/conversations",
    }

    _kwargs["json"] = body.to_dict()

    headers["Content-Type"] = "application/json"

    _kwargs["headers"] = headers
    return _kwargs


def _parse_response(response: httpx.Response) -> Created:
    if response.status_code == 200:
        response_200 = Created.from_dict(response.json())

        return response_200

    if response.status_code == 201:
        response_201 = Created.from_dict(response.json())

        return response_201

    raise errors.UnexpectedStatus(response.status_code, response.content)


def _build_response(response: httpx.Response) -> Response[Created]:
    return Response(
        status_code=HTTPStatus(response.status_code),
        content=response.content,
        headers=response.headers,
        parsed=_parse_response(response),
    )


def sync_detailed(
    *,
    client: AuthenticatedClient,
    body: CreateRequest,
    idempotency_key: None | str | Unset = UNSET,
) -> Response[Created]:
    """Calls as `sync` does, and returns the status and the headers too."""
    kwargs = _get_kwargs(
        body=body,
        idempotency_key=idempotency_key,
    )
    return _build_response(client.get_httpx_client().request(**kwargs))


async def asyncio_detailed(
    *,
    client: AuthenticatedClient,
    body: CreateRequest,
    idempotency_key: None | str | Unset = UNSET,
) -> Response[Created]:
    """Calls as `asyncio` does, and returns the status and the headers too."""
    kwargs = _get_kwargs(
        body=body,
        idempotency_key=idempotency_key,
    )
    return _build_response(await client.get_async_httpx_client().request(**kwargs))


def sync(
    *,
    client: AuthenticatedClient,
    body: CreateRequest,
    idempotency_key: None | str | Unset = UNSET,
) -> Created:
    """Create a conversation

    A pair of users has at most one direct conversation. Creating it again, by either of them,
    returns the existing one. A user whose `direct_from` is `contacts` accepts new ones from their
    contacts alone: others get `403 not_a_contact`. Members of a group whose `groups_from` is
    `contacts` are invited instead, unless the caller is a contact of theirs.

    Args:
        idempotency_key (None | str | Unset):
        body (CreateRequest): The conversation to create.
    """
    return sync_detailed(
        client=client,
        body=body,
        idempotency_key=idempotency_key,
    ).parsed


async def asyncio(
    *,
    client: AuthenticatedClient,
    body: CreateRequest,
    idempotency_key: None | str | Unset = UNSET,
) -> Created:
    """Calls as `sync` does, without blocking."""
    return (
        await asyncio_detailed(
            client=client,
            body=body,
            idempotency_key=idempotency_key,
        )
    ).parsed
