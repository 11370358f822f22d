from http import HTTPStatus
from typing import Any

import httpx

from ... import errors
from ...client import AuthenticatedClient, Client
from ...models.set_up_place_body import SetUpPlaceBody
from ...models.signed_in import SignedIn
from ...types import Response


def _get_kwargs(
    *,
    body: SetUpPlaceBody,
) -> dict[str, Any]:
    headers: dict[str, Any] = {}

    _kwargs: dict[str, Any] = {
        "method": "post",
        "url": "/v1/place/setup",
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
    body: SetUpPlaceBody,
) -> Response[SignedIn]:
    """Calls as `sync` does, and returns the status and the headers too."""
    kwargs = _get_kwargs(
        body=body,
    )
    return _build_response(client.get_httpx_client().request(**kwargs))


async def asyncio_detailed(
    *,
    client: AuthenticatedClient | Client,
    body: SetUpPlaceBody,
) -> Response[SignedIn]:
    """Calls as `asyncio` does, and returns the status and the headers too."""
    kwargs = _get_kwargs(
        body=body,
    )
    return _build_response(await client.get_async_httpx_client().request(**kwargs))


def sync(
    *,
    client: AuthenticatedClient | Client,
    body: SetUpPlaceBody,
) -> SignedIn:
    """Sets the place up: names it, opens the account of its owner, an administrator, and signs
    it in.

    `tidings up` prints a code for it while there is no owner. It works once, and all codes end with
    it. After 10 wrong codes from an address within 15 minutes, every further attempt is a 429.

    Args:
        body (SetUpPlaceBody): The owner and the name. Never logged: it has a code and a
            password.
    """
    return sync_detailed(
        client=client,
        body=body,
    ).parsed


async def asyncio(
    *,
    client: AuthenticatedClient | Client,
    body: SetUpPlaceBody,
) -> SignedIn:
    """Calls as `sync` does, without blocking."""
    return (
        await asyncio_detailed(
            client=client,
            body=body,
        )
    ).parsed
