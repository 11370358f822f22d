from http import HTTPStatus
from typing import Any
from urllib.parse import quote

import httpx

from ... import errors
from ...client import AuthenticatedClient
from ...models.contact_answer import ContactAnswer
from ...models.contact_request import ContactRequest
from ...types import UNSET, Response, Unset


def _get_kwargs(
    user: str,
    *,
    body: ContactRequest | None | Unset = UNSET,
    idempotency_key: None | str | Unset = UNSET,
) -> dict[str, Any]:
    headers: dict[str, Any] = {}
    if not isinstance(idempotency_key, Unset):
        headers["Idempotency-Key"] = idempotency_key

    _kwargs: dict[str, Any] = {
        "method": "put",
        "url": "/v1/contacts/{user}".format(
            user=quote(str(user), safe=""),
        ),
    }

    if isinstance(body, ContactRequest):
        _kwargs["json"] = body.to_dict()
    else:
        _kwargs["json"] = body

    headers["Content-Type"] = "application/json"

    _kwargs["headers"] = headers
    return _kwargs


def _parse_response(response: httpx.Response) -> ContactAnswer:
    if response.status_code == 200:
        response_200 = ContactAnswer.from_dict(response.json())

        return response_200

    raise errors.UnexpectedStatus(response.status_code, response.content)


def _build_response(response: httpx.Response) -> Response[ContactAnswer]:
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
    body: ContactRequest | None | Unset = UNSET,
    idempotency_key: None | str | Unset = UNSET,
) -> Response[ContactAnswer]:
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
    body: ContactRequest | None | Unset = UNSET,
    idempotency_key: None | str | Unset = UNSET,
) -> Response[ContactAnswer]:
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
    body: ContactRequest | None | Unset = UNSET,
    idempotency_key: None | str | Unset = UNSET,
) -> ContactAnswer:
    """Ask a user to be a contact

    Accepts the request of the other user, if there is one: then they are contacts. The user who is
    asked sees the request with its note and the profile of the caller. A user who has blocked the
    caller never sees the request, and the caller does not learn of that.

    Args:
        user (str):
        idempotency_key (None | str | Unset):
        body (ContactRequest | None | Unset):
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
    body: ContactRequest | None | Unset = UNSET,
    idempotency_key: None | str | Unset = UNSET,
) -> ContactAnswer:
    """Calls as `sync` does, without blocking."""
    return (
        await asyncio_detailed(
            user=user,
            client=client,
            body=body,
            idempotency_key=idempotency_key,
        )
    ).parsed
