from http import HTTPStatus
from typing import Any
from urllib.parse import quote

import httpx

from ... import errors
from ...client import AuthenticatedClient
from ...models.explanation import Explanation
from ...types import UNSET, Response, Unset


def _get_kwargs(
    conversation: str,
    *,
    as_of: str | Unset = UNSET,
    as_user: str | Unset = UNSET,
    min_position: str | Unset = UNSET,
) -> dict[str, Any]:

    params: dict[str, Any] = {}

    params["as_of"] = as_of

    params["as_user"] = as_user

    params["min_position"] = min_position

    params = {k: v for k, v in params.items() if v is not UNSET and v is not None}

    _kwargs: dict[str, Any] = {
        "method": "get",
        "url": "/v1/inbox/unread/{conversation}/explain".format(
            conversation=quote(str(conversation), safe=""),
        ),
        "params": params,
    }

    return _kwargs


def _parse_response(response: httpx.Response) -> Explanation:
    if response.status_code == 200:
        response_200 = Explanation.from_dict(response.json())

        return response_200

    raise errors.UnexpectedStatus(response.status_code, response.content)


def _build_response(response: httpx.Response) -> Response[Explanation]:
    return Response(
        status_code=HTTPStatus(response.status_code),
        content=response.content,
        headers=response.headers,
        parsed=_parse_response(response),
    )


def sync_detailed(
    conversation: str,
    *,
    client: AuthenticatedClient,
    as_of: str | Unset = UNSET,
    as_user: str | Unset = UNSET,
    min_position: str | Unset = UNSET,
) -> Response[Explanation]:
    """Calls as `sync` does, and returns the status and the headers too."""
    kwargs = _get_kwargs(
        conversation=conversation,
        as_of=as_of,
        as_user=as_user,
        min_position=min_position,
    )
    return _build_response(client.get_httpx_client().request(**kwargs))


async def asyncio_detailed(
    conversation: str,
    *,
    client: AuthenticatedClient,
    as_of: str | Unset = UNSET,
    as_user: str | Unset = UNSET,
    min_position: str | Unset = UNSET,
) -> Response[Explanation]:
    """Calls as `asyncio` does, and returns the status and the headers too."""
    kwargs = _get_kwargs(
        conversation=conversation,
        as_of=as_of,
        as_user=as_user,
        min_position=min_position,
    )
    return _build_response(await client.get_async_httpx_client().request(**kwargs))


def sync(
    conversation: str,
    *,
    client: AuthenticatedClient,
    as_of: str | Unset = UNSET,
    as_user: str | Unset = UNSET,
    min_position: str | Unset = UNSET,
) -> Explanation:
    """Explains the caller's unread count of a conversation.

    Args:
        conversation (str):
        as_of (str | Unset):
        as_user (str | Unset):
        min_position (str | Unset):
    """
    return sync_detailed(
        conversation=conversation,
        client=client,
        as_of=as_of,
        as_user=as_user,
        min_position=min_position,
    ).parsed


async def asyncio(
    conversation: str,
    *,
    client: AuthenticatedClient,
    as_of: str | Unset = UNSET,
    as_user: str | Unset = UNSET,
    min_position: str | Unset = UNSET,
) -> Explanation:
    """Calls as `sync` does, without blocking."""
    return (
        await asyncio_detailed(
            conversation=conversation,
            client=client,
            as_of=as_of,
            as_user=as_user,
            min_position=min_position,
        )
    ).parsed
