from http import HTTPStatus
from typing import Any

import httpx

from ... import errors
from ...client import AuthenticatedClient
from ...models.list_own_sessions_state import ListOwnSessionsState
from ...models.service_sessions import ServiceSessions
from ...types import UNSET, Response, Unset


def _get_kwargs(
    *,
    state: ListOwnSessionsState | Unset = UNSET,
    conversation: str | Unset = UNSET,
    limit: int | Unset = 50,
    after: str | Unset = UNSET,
    as_of: str | Unset = UNSET,
    as_user: str | Unset = UNSET,
    min_position: str | Unset = UNSET,
) -> dict[str, Any]:

    params: dict[str, Any] = {}

    json_state: str | Unset = UNSET
    if not isinstance(state, Unset):
        json_state = state.value

    params["state"] = json_state

    params["conversation"] = conversation

    params["limit"] = limit

    params["after"] = after

    params["as_of"] = as_of

    params["as_user"] = as_user

    params["min_position"] = min_position

    params = {k: v for k, v in params.items() if v is not UNSET and v is not None}

    _kwargs: dict[str, Any] = {
        "method": "get",
        "url": "/v1/service-sessions",
        "params": params,
    }

    return _kwargs


def _parse_response(response: httpx.Response) -> ServiceSessions:
    if response.status_code == 200:
        response_200 = ServiceSessions.from_dict(response.json())

        return response_200

    raise errors.UnexpectedStatus(response.status_code, response.content)


def _build_response(response: httpx.Response) -> Response[ServiceSessions]:
    return Response(
        status_code=HTTPStatus(response.status_code),
        content=response.content,
        headers=response.headers,
        parsed=_parse_response(response),
    )


def sync_detailed(
    *,
    client: AuthenticatedClient,
    state: ListOwnSessionsState | Unset = UNSET,
    conversation: str | Unset = UNSET,
    limit: int | Unset = 50,
    after: str | Unset = UNSET,
    as_of: str | Unset = UNSET,
    as_user: str | Unset = UNSET,
    min_position: str | Unset = UNSET,
) -> Response[ServiceSessions]:
    """Calls as `sync` does, and returns the status and the headers too."""
    kwargs = _get_kwargs(
        state=state,
        conversation=conversation,
        limit=limit,
        after=after,
        as_of=as_of,
        as_user=as_user,
        min_position=min_position,
    )
    return _build_response(client.get_httpx_client().request(**kwargs))


async def asyncio_detailed(
    *,
    client: AuthenticatedClient,
    state: ListOwnSessionsState | Unset = UNSET,
    conversation: str | Unset = UNSET,
    limit: int | Unset = 50,
    after: str | Unset = UNSET,
    as_of: str | Unset = UNSET,
    as_user: str | Unset = UNSET,
    min_position: str | Unset = UNSET,
) -> Response[ServiceSessions]:
    """Calls as `asyncio` does, and returns the status and the headers too."""
    kwargs = _get_kwargs(
        state=state,
        conversation=conversation,
        limit=limit,
        after=after,
        as_of=as_of,
        as_user=as_user,
        min_position=min_position,
    )
    return _build_response(await client.get_async_httpx_client().request(**kwargs))


def sync(
    *,
    client: AuthenticatedClient,
    state: ListOwnSessionsState | Unset = UNSET,
    conversation: str | Unset = UNSET,
    limit: int | Unset = 50,
    after: str | Unset = UNSET,
    as_of: str | Unset = UNSET,
    as_user: str | Unset = UNSET,
    min_position: str | Unset = UNSET,
) -> ServiceSessions:
    """Returns the sessions of which the caller is the customer or, at a desk of theirs, the
    agent; the
    newest first.

    Args:
        state (ListOwnSessionsState | Unset): Where a session is in its life.
        conversation (str | Unset):
        limit (int | Unset):  Default: 50.
        after (str | Unset):
        as_of (str | Unset):
        as_user (str | Unset):
        min_position (str | Unset):
    """
    return sync_detailed(
        client=client,
        state=state,
        conversation=conversation,
        limit=limit,
        after=after,
        as_of=as_of,
        as_user=as_user,
        min_position=min_position,
    ).parsed


async def asyncio(
    *,
    client: AuthenticatedClient,
    state: ListOwnSessionsState | Unset = UNSET,
    conversation: str | Unset = UNSET,
    limit: int | Unset = 50,
    after: str | Unset = UNSET,
    as_of: str | Unset = UNSET,
    as_user: str | Unset = UNSET,
    min_position: str | Unset = UNSET,
) -> ServiceSessions:
    """Calls as `sync` does, without blocking."""
    return (
        await asyncio_detailed(
            client=client,
            state=state,
            conversation=conversation,
            limit=limit,
            after=after,
            as_of=as_of,
            as_user=as_user,
            min_position=min_position,
        )
    ).parsed
