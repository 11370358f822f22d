from http import HTTPStatus
from typing import Any
from urllib.parse import quote

import httpx

from ... import errors
from ...client import AuthenticatedClient
from ...models.add_members_request import AddMembersRequest
from ...models.added import Added
from ...types import UNSET, Response, Unset


def _get_kwargs(
    id: str,
    *,
    body: AddMembersRequest,
    idempotency_key: None | str | Unset = UNSET,
) -> dict[str, Any]:
    headers: dict[str, Any] = {}
    if not isinstance(idempotency_key, Unset):
        headers["Idempotency-Key"] = idempotency_key

    _kwargs: dict[str, Any] = {
        "method": "post",
        "url": "/v1/conversations/{id}/members".format(
            id=quote(str(id), safe=""),
        ),
    }

    _kwargs["json"] = body.to_dict()

    headers["Content-Type"] = "application/json"

    _kwargs["headers"] = headers
    return _kwargs


def _parse_response(response: httpx.Response) -> Added:
    if response.status_code == 200:
        response_200 = Added.from_dict(response.json())

        return response_200

    raise errors.UnexpectedStatus(response.status_code, response.content)


def _build_response(response: httpx.Response) -> Response[Added]:
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
    body: AddMembersRequest,
    idempotency_key: None | str | Unset = UNSET,
) -> Response[Added]:
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
    body: AddMembersRequest,
    idempotency_key: None | str | Unset = UNSET,
) -> Response[Added]:
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
    body: AddMembersRequest,
    idempotency_key: None | str | Unset = UNSET,
) -> Added:
    """Add members to a group, or change their roles

    Requires the role owner or admin. Only the owner can demote an admin. A user whose `groups_from`
    is `contacts` is invited instead, unless the caller is a contact of theirs.

    Args:
        id (str):
        idempotency_key (None | str | Unset):
        body (AddMembersRequest): The users to add, or whose roles to change.
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
    body: AddMembersRequest,
    idempotency_key: None | str | Unset = UNSET,
) -> Added:
    """Calls as `sync` does, without blocking."""
    return (
        await asyncio_detailed(
            id=id,
            client=client,
            body=body,
            idempotency_key=idempotency_key,
        )
    ).parsed
