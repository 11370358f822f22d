from http import HTTPStatus
from typing import Any
from urllib.parse import quote

import httpx

from ... import errors
from ...client import AuthenticatedClient
from ...models.join_request import JoinRequest
from ...models.joining import Joining
from ...types import UNSET, Response, Unset


def _get_kwargs(
    id: str,
    *,
    body: JoinRequest,
    idempotency_key: None | str | Unset = UNSET,
) -> dict[str, Any]:
    headers: dict[str, Any] = {}
    if not isinstance(idempotency_key, Unset):
        headers["Idempotency-Key"] = idempotency_key

    _kwargs: dict[str, Any] = {
        "method": "post",
        "url": "/v1/conversations/{id}/join".format(
            id=quote(str(id), safe=""),
        ),
    }

    _kwargs["json"] = body.to_dict()

    headers["Content-Type"] = "application/json"

    _kwargs["headers"] = headers
    return _kwargs


def _parse_response(response: httpx.Response) -> Joining:
    if response.status_code == 200:
        response_200 = Joining.from_dict(response.json())

        return response_200

    if response.status_code == 202:
        response_202 = Joining.from_dict(response.json())

        return response_202

    raise errors.UnexpectedStatus(response.status_code, response.content)


def _build_response(response: httpx.Response) -> Response[Joining]:
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
    body: JoinRequest,
    idempotency_key: None | str | Unset = UNSET,
) -> Response[Joining]:
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
    body: JoinRequest,
    idempotency_key: None | str | Unset = UNSET,
) -> Response[Joining]:
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
    body: JoinRequest,
    idempotency_key: None | str | Unset = UNSET,
) -> Joining:
    """Join a group, or ask to join it

    Anyone who has the id joins a group whose policy is `join: open`, and can ask to join one with
    `join: asked`. Any other group does not exist for users who are not members.

    Args:
        id (str):
        idempotency_key (None | str | Unset):
        body (JoinRequest): What the caller writes with a join request.
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
    body: JoinRequest,
    idempotency_key: None | str | Unset = UNSET,
) -> Joining:
    """Calls as `sync` does, without blocking."""
    return (
        await asyncio_detailed(
            id=id,
            client=client,
            body=body,
            idempotency_key=idempotency_key,
        )
    ).parsed
