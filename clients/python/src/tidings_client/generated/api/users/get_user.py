from http import HTTPStatus
from typing import Any
from urllib.parse import quote

import httpx

from ... import errors
from ...client import AuthenticatedClient
from ...models.user_profile import UserProfile
from ...types import UNSET, Response, Unset


def _get_kwargs(
    user: str,
    *,
    min_position: str | Unset = UNSET,
) -> dict[str, Any]:

    params: dict[str, Any] = {}

    params["min_position"] = min_position

    params = {k: v for k, v in params.items() if v is not UNSET and v is not None}

    _kwargs: dict[str, Any] = {
        "method": "get",
        "url": "/v1/users/{user}".format(
            user=quote(str(user), safe=""),
        ),
        "params": params,
    }

    return _kwargs


def _parse_response(response: httpx.Response) -> UserProfile:
    if response.status_code == 200:
        response_200 = UserProfile.from_dict(response.json())

        return response_200

    raise errors.UnexpectedStatus(response.status_code, response.content)


def _build_response(response: httpx.Response) -> Response[UserProfile]:
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
    min_position: str | Unset = UNSET,
) -> Response[UserProfile]:
    """Calls as `sync` does, and returns the status and the headers too."""
    kwargs = _get_kwargs(
        user=user,
        min_position=min_position,
    )
    return _build_response(client.get_httpx_client().request(**kwargs))


async def asyncio_detailed(
    user: str,
    *,
    client: AuthenticatedClient,
    min_position: str | Unset = UNSET,
) -> Response[UserProfile]:
    """Calls as `asyncio` does, and returns the status and the headers too."""
    kwargs = _get_kwargs(
        user=user,
        min_position=min_position,
    )
    return _build_response(await client.get_async_httpx_client().request(**kwargs))


def sync(
    user: str,
    *,
    client: AuthenticatedClient,
    min_position: str | Unset = UNSET,
) -> UserProfile:
    """Returns what a user shows to others. The caller can see their own profile, and those of
    users
    with whom they share a conversation, of their contacts, of users who have asked to be one,
    of
    users who ask to join a group of which the caller is the owner or an admin, and of agents
    of the
    same service desk; with an open directory, those of all users.

    Args:
        user (str):
        min_position (str | Unset):
    """
    return sync_detailed(
        user=user,
        client=client,
        min_position=min_position,
    ).parsed


async def asyncio(
    user: str,
    *,
    client: AuthenticatedClient,
    min_position: str | Unset = UNSET,
) -> UserProfile:
    """Calls as `sync` does, without blocking."""
    return (
        await asyncio_detailed(
            user=user,
            client=client,
            min_position=min_position,
        )
    ).parsed
