import datetime
from http import HTTPStatus
from typing import Any, cast

import httpx

from ... import errors
from ...client import AuthenticatedClient
from ...types import UNSET, Response, Unset


def _get_kwargs(
    *,
    every: str | Unset = "day",
    by: str | Unset = "all",
    user: str | Unset = UNSET,
    conversation: str | Unset = UNSET,
    since: datetime.datetime | Unset = UNSET,
    until: datetime.datetime | Unset = UNSET,
    min_position: str | Unset = UNSET,
) -> dict[str, Any]:

    params: dict[str, Any] = {}

    params["every"] = every

    params["by"] = by

    params["user"] = user

    params["conversation"] = conversation

    json_since: str | Unset = UNSET
    if not isinstance(since, Unset):
        json_since = since.isoformat()
    params["since"] = json_since

    json_until: str | Unset = UNSET
    if not isinstance(until, Unset):
        json_until = until.isoformat()
    params["until"] = json_until

    params["min_position"] = min_position

    params = {k: v for k, v in params.items() if v is not UNSET and v is not None}

    _kwargs: dict[str, Any] = {
        "method": "get",
        "url": "/v1/admin/unread",
        "params": params,
    }

    return _kwargs


def _parse_response(response: httpx.Response) -> str:
    if response.status_code == 200:
        response_200 = cast(str, response.content)
        return response_200

    raise errors.UnexpectedStatus(response.status_code, response.content)


def _build_response(response: httpx.Response) -> Response[str]:
    return Response(
        status_code=HTTPStatus(response.status_code),
        content=response.content,
        headers=response.headers,
        parsed=_parse_response(response),
    )


def sync_detailed(
    *,
    client: AuthenticatedClient,
    every: str | Unset = "day",
    by: str | Unset = "all",
    user: str | Unset = UNSET,
    conversation: str | Unset = UNSET,
    since: datetime.datetime | Unset = UNSET,
    until: datetime.datetime | Unset = UNSET,
    min_position: str | Unset = UNSET,
) -> Response[str]:
    """Calls as `sync` does, and returns the status and the headers too."""
    kwargs = _get_kwargs(
        every=every,
        by=by,
        user=user,
        conversation=conversation,
        since=since,
        until=until,
        min_position=min_position,
    )
    return _build_response(client.get_httpx_client().request(**kwargs))


async def asyncio_detailed(
    *,
    client: AuthenticatedClient,
    every: str | Unset = "day",
    by: str | Unset = "all",
    user: str | Unset = UNSET,
    conversation: str | Unset = UNSET,
    since: datetime.datetime | Unset = UNSET,
    until: datetime.datetime | Unset = UNSET,
    min_position: str | Unset = UNSET,
) -> Response[str]:
    """Calls as `asyncio` does, and returns the status and the headers too."""
    kwargs = _get_kwargs(
        every=every,
        by=by,
        user=user,
        conversation=conversation,
        since=since,
        until=until,
        min_position=min_position,
    )
    return _build_response(await client.get_async_httpx_client().request(**kwargs))


def sync(
    *,
    client: AuthenticatedClient,
    every: str | Unset = "day",
    by: str | Unset = "all",
    user: str | Unset = UNSET,
    conversation: str | Unset = UNSET,
    since: datetime.datetime | Unset = UNSET,
    until: datetime.datetime | Unset = UNSET,
    min_position: str | Unset = UNSET,
) -> str:
    """Returns unread counts over time, one JSON object per line: what the badges showed at the
    end of
    each day or hour.

    The log is read once from its beginning, so the first line can take a while. `unread` is the sum
    over conversations that are neither muted nor archived, `quiet` over the others; `memberships`
    is the number of memberships with something unread. A line equals what
    `GET /v1/inbox/unread?as_of=` of its `position` answers.

    Args:
        every (str | Unset):  Default: 'day'.
        by (str | Unset):  Default: 'all'.
        user (str | Unset):
        conversation (str | Unset):
        since (datetime.datetime | Unset):
        until (datetime.datetime | Unset):
        min_position (str | Unset):
    """
    return sync_detailed(
        client=client,
        every=every,
        by=by,
        user=user,
        conversation=conversation,
        since=since,
        until=until,
        min_position=min_position,
    ).parsed


async def asyncio(
    *,
    client: AuthenticatedClient,
    every: str | Unset = "day",
    by: str | Unset = "all",
    user: str | Unset = UNSET,
    conversation: str | Unset = UNSET,
    since: datetime.datetime | Unset = UNSET,
    until: datetime.datetime | Unset = UNSET,
    min_position: str | Unset = UNSET,
) -> str:
    """Calls as `sync` does, without blocking."""
    return (
        await asyncio_detailed(
            client=client,
            every=every,
            by=by,
            user=user,
            conversation=conversation,
            since=since,
            until=until,
            min_position=min_position,
        )
    ).parsed
