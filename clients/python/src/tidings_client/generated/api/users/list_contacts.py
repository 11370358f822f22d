from http import HTTPStatus
from typing import Any

import httpx

from ... import errors
from ...client import AuthenticatedClient
from ...models.contacts import Contacts
from ...models.list_contacts_state import ListContactsState
from ...types import UNSET, Response, Unset


def _get_kwargs(
    *,
    state: ListContactsState | Unset = UNSET,
    limit: int | Unset = 50,
    after: str | Unset = UNSET,
    min_position: str | Unset = UNSET,
) -> dict[str, Any]:

    params: dict[str, Any] = {}

    json_state: str | Unset = UNSET
    if not isinstance(state, Unset):
        json_state = state.value

    params["state"] = json_state

    params["limit"] = limit

    params["after"] = after

    params["min_position"] = min_position

    params = {k: v for k, v in params.items() if v is not UNSET and v is not None}

    _kwargs: dict[str, Any] = {
        "method": "get",
        "url": "/v1/contacts",
        "params": params,
    }

    return _kwargs


def _parse_response(response: httpx.Response) -> Contacts:
    if response.status_code == 200:
        response_200 = Contacts.from_dict(response.json())

        return response_200

    raise errors.UnexpectedStatus(response.status_code, response.content)


def _build_response(response: httpx.Response) -> Response[Contacts]:
    return Response(
        status_code=HTTPStatus(response.status_code),
        content=response.content,
        headers=response.headers,
        parsed=_parse_response(response),
    )


def sync_detailed(
    *,
    client: AuthenticatedClient,
    state: ListContactsState | Unset = UNSET,
    limit: int | Unset = 50,
    after: str | Unset = UNSET,
    min_position: str | Unset = UNSET,
) -> Response[Contacts]:
    """Calls as `sync` does, and returns the status and the headers too."""
    kwargs = _get_kwargs(
        state=state,
        limit=limit,
        after=after,
        min_position=min_position,
    )
    return _build_response(client.get_httpx_client().request(**kwargs))


async def asyncio_detailed(
    *,
    client: AuthenticatedClient,
    state: ListContactsState | Unset = UNSET,
    limit: int | Unset = 50,
    after: str | Unset = UNSET,
    min_position: str | Unset = UNSET,
) -> Response[Contacts]:
    """Calls as `asyncio` does, and returns the status and the headers too."""
    kwargs = _get_kwargs(
        state=state,
        limit=limit,
        after=after,
        min_position=min_position,
    )
    return _build_response(await client.get_async_httpx_client().request(**kwargs))


def sync(
    *,
    client: AuthenticatedClient,
    state: ListContactsState | Unset = UNSET,
    limit: int | Unset = 50,
    after: str | Unset = UNSET,
    min_position: str | Unset = UNSET,
) -> Contacts:
    """Returns the caller's contacts and requests. Requests of users whom the caller has blocked
    are
    left out.

    Args:
        state (ListContactsState | Unset): What the other user is to the caller.
        limit (int | Unset):  Default: 50.
        after (str | Unset):
        min_position (str | Unset):
    """
    return sync_detailed(
        client=client,
        state=state,
        limit=limit,
        after=after,
        min_position=min_position,
    ).parsed


async def asyncio(
    *,
    client: AuthenticatedClient,
    state: ListContactsState | Unset = UNSET,
    limit: int | Unset = 50,
    after: str | Unset = UNSET,
    min_position: str | Unset = UNSET,
) -> Contacts:
    """Calls as `sync` does, without blocking."""
    return (
        await asyncio_detailed(
            client=client,
            state=state,
            limit=limit,
            after=after,
            min_position=min_position,
        )
    ).parsed
