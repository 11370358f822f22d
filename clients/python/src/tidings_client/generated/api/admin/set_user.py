from http import HTTPStatus
from typing import Any
from urllib.parse import quote

import httpx

from ... import errors
from ...client import AuthenticatedClient
from ...models.edited import Edited
from ...models.user_request import UserRequest
from ...types import UNSET, Response, Unset


def _get_kwargs(
    user: str,
    *,
    body: UserRequest,
    idempotency_key: None | str | Unset = UNSET,
) -> dict[str, Any]:
    headers: dict[str, Any] = {}
    if not isinstance(idempotency_key, Unset):
        headers["Idempotency-Key"] = idempotency_key

    _kwargs: dict[str, Any] = {
        "method": "put",
        "url": "/v1/admin/users/{user}".format(
            user=quote(str(user), safe=""),
        ),
    }

    _kwargs["json"] = body.to_dict()

    headers["Content-Type"] = "application/json"

    _kwargs["headers"] = headers
    return _kwargs


def _parse_response(response: httpx.Response) -> Edited:
    if response.status_code == 200:
        response_200 = Edited.from_dict(response.json())

        return response_200

    raise errors.UnexpectedStatus(response.status_code, response.content)


def _build_response(response: httpx.Response) -> Response[Edited]:
    return Response(
        status_code=HTTPStatus(response.status_code),
        content=response.content,
        headers=response.headers,
        parsed=_parse_response(response),
    )


def sync_detailed(
    user: str,
    *,
    client: AuthenticatedClient,
    body: UserRequest,
    idempotency_key: None | str | Unset = UNSET,
) -> Response[Edited]:
    """Calls as `sync` does, and returns the status and the headers too."""
    kwargs = _get_kwargs(
        user=user,
        body=body,
        idempotency_key=idempotency_key,
    )
    return _build_response(client.get_httpx_client().request(**kwargs))


async def asyncio_detailed(
    user: str,
    *,
    client: AuthenticatedClient,
    body: UserRequest,
    idempotency_key: None | str | Unset = UNSET,
) -> Response[Edited]:
    """Calls as `asyncio` does, and returns the status and the headers too."""
    kwargs = _get_kwargs(
        user=user,
        body=body,
        idempotency_key=idempotency_key,
    )
    return _build_response(await client.get_async_httpx_client().request(**kwargs))


def sync(
    user: str,
    *,
    client: AuthenticatedClient,
    body: UserRequest,
    idempotency_key: None | str | Unset = UNSET,
) -> Edited:
    """Set up a user

    An administrator changes a profile, says what kind of user it is, or deactivates the user. Once
    a user is deactivated, every call with their token gets `403 deactivated`, and their live
    connections close with 4403 within a second. Their messages stay.

    Args:
        user (str):
        idempotency_key (None | str | Unset):
        body (UserRequest): What to change of a user. Omitted fields stay unchanged; null
            removes a value.
    """
    return sync_detailed(
        user=user,
        client=client,
        body=body,
        idempotency_key=idempotency_key,
    ).parsed


async def asyncio(
    user: str,
    *,
    client: AuthenticatedClient,
    body: UserRequest,
    idempotency_key: None | str | Unset = UNSET,
) -> Edited:
    """Calls as `sync` does, without blocking."""
    return (
        await asyncio_detailed(
            user=user,
            client=client,
            body=body,
            idempotency_key=idempotency_key,
        )
    ).parsed
