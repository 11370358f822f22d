from http import HTTPStatus
from typing import Any

import httpx

from ... import errors
from ...client import AuthenticatedClient, Client
from ...models.register_body import RegisterBody
from ...models.signed_in import SignedIn
from ...types import Response


def _get_kwargs(
    *,
    body: RegisterBody,
) -> dict[str, Any]:
    headers: dict[str, Any] = {}

    _kwargs: dict[str, Any] = {
        "method": "post",
        "url": "/v1/accounts",
    }

    _kwargs["json"] = body.to_dict()

    headers["Content-Type"] = "application/json"

    _kwargs["headers"] = headers
    return _kwargs


def _parse_response(response: httpx.Response) -> SignedIn:
    if response.status_code == 201:
        response_201 = SignedIn.from_dict(response.json())

        return response_201

    raise errors.UnexpectedStatus(response.status_code, response.content)


def _build_response(response: httpx.Response) -> Response[SignedIn]:
    return Response(
        status_code=HTTPStatus(response.status_code),
        content=response.content,
        headers=response.headers,
        parsed=_parse_response(response),
    )


def sync_detailed(
    *,
    client: AuthenticatedClient | Client,
    body: RegisterBody,
) -> Response[SignedIn]:
    """Calls as `sync` does, and returns the status and the headers too."""
    kwargs = _get_kwargs(
        body=body,
    )
    return _build_response(client.get_httpx_client().request(**kwargs))


async def asyncio_detailed(
    *,
    client: AuthenticatedClient | Client,
    body: RegisterBody,
) -> Response[SignedIn]:
    """Calls as `asyncio` does, and returns the status and the headers too."""
    kwargs = _get_kwargs(
        body=body,
    )
    return _build_response(await client.get_async_httpx_client().request(**kwargs))


def sync(
    *,
    client: AuthenticatedClient | Client,
    body: RegisterBody,
) -> SignedIn:
    """Opens a local account, and signs it in.

    There is a 404 unless the system has `TIDINGS_ACCOUNTS=open` (anybody can open an account) or
    `invited` (with an invite of an administrator). A user id that has an account, or that the log
    has ever named, is a 409, so nobody can take over what belongs to another user. Repeating the
    request is a 409 too: sign in instead.

    Args:
        body (RegisterBody): The account to open. Never logged: it has a password.
    """
    return sync_detailed(
        client=client,
        body=body,
    ).parsed


async def asyncio(
    *,
    client: AuthenticatedClient | Client,
    body: RegisterBody,
) -> SignedIn:
    """Calls as `sync` does, without blocking."""
    return (
        await asyncio_detailed(
            client=client,
            body=body,
        )
    ).parsed
