from http import HTTPStatus
from typing import Any
from urllib.parse import quote

import httpx

from ... import errors
from ...client import AuthenticatedClient
from ...models.account_scope import AccountScope
from ...models.set_account_scope_body import SetAccountScopeBody
from ...types import Response


def _get_kwargs(
    user: str,
    *,
    body: SetAccountScopeBody,
) -> dict[str, Any]:
    headers: dict[str, Any] = {}

    _kwargs: dict[str, Any] = {
        "method": "put",
        "url": "/v1/admin/accounts/{user}/scope".format(
            user=quote(str(user), safe=""),
        ),
    }

    _kwargs["json"] = body.to_dict()

    headers["Content-Type"] = "application/json"

    _kwargs["headers"] = headers
    return _kwargs


def _parse_response(response: httpx.Response) -> AccountScope:
    if response.status_code == 200:
        response_200 = AccountScope.from_dict(response.json())

        return response_200

    raise errors.UnexpectedStatus(response.status_code, response.content)


def _build_response(response: httpx.Response) -> Response[AccountScope]:
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
    body: SetAccountScopeBody,
) -> Response[AccountScope]:
    """Calls as `sync` does, and returns the status and the headers too."""
    kwargs = _get_kwargs(
        user=user,
        body=body,
    )
    return _build_response(client.get_httpx_client().request(**kwargs))


async def asyncio_detailed(
    user: str,
    *,
    client: AuthenticatedClient,
    body: SetAccountScopeBody,
) -> Response[AccountScope]:
    """Calls as `asyncio` does, and returns the status and the headers too."""
    kwargs = _get_kwargs(
        user=user,
        body=body,
    )
    return _build_response(await client.get_async_httpx_client().request(**kwargs))


def sync(
    user: str,
    *,
    client: AuthenticatedClient,
    body: SetAccountScopeBody,
) -> AccountScope:
    """Sets what an account may do: `admin` makes its user an administrator.

    The next sign-in gives a token with the new scope. If it has fewer rights than before, all
    earlier tokens of the user are revoked within a second. The last account with the scope `admin`
    keeps it.

    Args:
        user (str):
        body (SetAccountScopeBody): The scope to give.
    """
    return sync_detailed(
        user=user,
        client=client,
        body=body,
    ).parsed


async def asyncio(
    user: str,
    *,
    client: AuthenticatedClient,
    body: SetAccountScopeBody,
) -> AccountScope:
    """Calls as `sync` does, without blocking."""
    return (
        await asyncio_detailed(
            user=user,
            client=client,
            body=body,
        )
    ).parsed
