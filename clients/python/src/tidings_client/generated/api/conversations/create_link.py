from http import HTTPStatus
from typing import Any
from urllib.parse import quote

import httpx

from ... import errors
from ...client import AuthenticatedClient
from ...models.created_link import CreatedLink
from ...models.link_request import LinkRequest
from ...types import UNSET, Response, Unset


def _get_kwargs(
    id: str,
    *,
    body: LinkRequest,
    idempotency_key: None | str | Unset = UNSET,
) -> dict[str, Any]:
    headers: dict[str, Any] = {}
    if not isinstance(idempotency_key, Unset):
        headers["Idempotency-Key"] = idempotency_key

    _kwargs: dict[str, Any] = {
        "method": "post",
        "url": "/v1/conversations/{id}/links".format(
            id=quote(str(id), safe=""),
        ),
    }

    _kwargs["json"] = body.to_dict()

    headers["Content-Type"] = "application/json"

    _kwargs["headers"] = headers
    return _kwargs


def _parse_response(response: httpx.Response) -> CreatedLink:
    if response.status_code == 200:
        response_200 = CreatedLink.from_dict(response.json())

        return response_200

    if response.status_code == 201:
        response_201 = CreatedLink.from_dict(response.json())

        return response_201

    raise errors.UnexpectedStatus(response.status_code, response.content)


def _build_response(response: httpx.Response) -> Response[CreatedLink]:
    return Response(
        status_code=HTTPStatus(response.status_code),
        content=response.content,
        headers=response.headers,
        parsed=_parse_response(response),
    )


def sync_detailed(
    id: str,
    *,
    client: AuthenticatedClient,
    body: LinkRequest,
    idempotency_key: None | str | Unset = UNSET,
) -> Response[CreatedLink]:
    """Calls as `sync` does, and returns the status and the headers too."""
    kwargs = _get_kwargs(
        id=id,
        body=body,
        idempotency_key=idempotency_key,
    )
    return _build_response(client.get_httpx_client().request(**kwargs))


async def asyncio_detailed(
    id: str,
    *,
    client: AuthenticatedClient,
    body: LinkRequest,
    idempotency_key: None | str | Unset = UNSET,
) -> Response[CreatedLink]:
    """Calls as `asyncio` does, and returns the status and the headers too."""
    kwargs = _get_kwargs(
        id=id,
        body=body,
        idempotency_key=idempotency_key,
    )
    return _build_response(await client.get_async_httpx_client().request(**kwargs))


def sync(
    id: str,
    *,
    client: AuthenticatedClient,
    body: LinkRequest,
    idempotency_key: None | str | Unset = UNSET,
) -> CreatedLink:
    """Create a link by which users can join

    Requires the role owner or admin. A group has at most 100 links that can be used.

    Args:
        id (str):
        idempotency_key (None | str | Unset):
        body (LinkRequest): What limits the link. Without limits it works until it is ended.
    """
    return sync_detailed(
        id=id,
        client=client,
        body=body,
        idempotency_key=idempotency_key,
    ).parsed


async def asyncio(
    id: str,
    *,
    client: AuthenticatedClient,
    body: LinkRequest,
    idempotency_key: None | str | Unset = UNSET,
) -> CreatedLink:
    """Calls as `sync` does, without blocking."""
    return (
        await asyncio_detailed(
            id=id,
            client=client,
            body=body,
            idempotency_key=idempotency_key,
        )
    ).parsed
