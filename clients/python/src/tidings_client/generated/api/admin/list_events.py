import datetime
from http import HTTPStatus
from typing import Any, cast

import httpx

from ... import errors
from ...client import AuthenticatedClient
from ...models.list_events_by import ListEventsBy
from ...types import UNSET, Response, Unset


def _get_kwargs(
    *,
    after: str | Unset = "0",
    up_to: str | Unset = UNSET,
    limit: int | Unset = 1000,
    type_: str | Unset = UNSET,
    source: str | Unset = UNSET,
    since: datetime.datetime | Unset = UNSET,
    until: datetime.datetime | Unset = UNSET,
    by: ListEventsBy | Unset = ListEventsBy.TIME,
    user: str | Unset = UNSET,
    follow: bool | Unset = False,
    min_position: str | Unset = UNSET,
) -> dict[str, Any]:

    params: dict[str, Any] = {}

    params["after"] = after

    params["up_to"] = up_to

    params["limit"] = limit

    params["type"] = type_

    params["source"] = source

    json_since: str | Unset = UNSET
    if not isinstance(since, Unset):
        json_since = since.isoformat()
    params["since"] = json_since

    json_until: str | Unset = UNSET
    if not isinstance(until, Unset):
        json_until = until.isoformat()
    params["until"] = json_until

    json_by: str | Unset = UNSET
    if not isinstance(by, Unset):
        json_by = by.value

    params["by"] = json_by

    params["user"] = user

    params["follow"] = follow

    params["min_position"] = min_position

    params = {k: v for k, v in params.items() if v is not UNSET and v is not None}

    _kwargs: dict[str, Any] = {
        "method": "get",
        "url": "/v1/events",
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
    after: str | Unset = "0",
    up_to: str | Unset = UNSET,
    limit: int | Unset = 1000,
    type_: str | Unset = UNSET,
    source: str | Unset = UNSET,
    since: datetime.datetime | Unset = UNSET,
    until: datetime.datetime | Unset = UNSET,
    by: ListEventsBy | Unset = ListEventsBy.TIME,
    user: str | Unset = UNSET,
    follow: bool | Unset = False,
    min_position: str | Unset = UNSET,
) -> Response[str]:
    """Calls as `sync` does, and returns the status and the headers too."""
    kwargs = _get_kwargs(
        after=after,
        up_to=up_to,
        limit=limit,
        type_=type_,
        source=source,
        since=since,
        until=until,
        by=by,
        user=user,
        follow=follow,
        min_position=min_position,
    )
    return _build_response(client.get_httpx_client().request(**kwargs))


async def asyncio_detailed(
    *,
    client: AuthenticatedClient,
    after: str | Unset = "0",
    up_to: str | Unset = UNSET,
    limit: int | Unset = 1000,
    type_: str | Unset = UNSET,
    source: str | Unset = UNSET,
    since: datetime.datetime | Unset = UNSET,
    until: datetime.datetime | Unset = UNSET,
    by: ListEventsBy | Unset = ListEventsBy.TIME,
    user: str | Unset = UNSET,
    follow: bool | Unset = False,
    min_position: str | Unset = UNSET,
) -> Response[str]:
    """Calls as `asyncio` does, and returns the status and the headers too."""
    kwargs = _get_kwargs(
        after=after,
        up_to=up_to,
        limit=limit,
        type_=type_,
        source=source,
        since=since,
        until=until,
        by=by,
        user=user,
        follow=follow,
        min_position=min_position,
    )
    return _build_response(await client.get_async_httpx_client().request(**kwargs))


def sync(
    *,
    client: AuthenticatedClient,
    after: str | Unset = "0",
    up_to: str | Unset = UNSET,
    limit: int | Unset = 1000,
    type_: str | Unset = UNSET,
    source: str | Unset = UNSET,
    since: datetime.datetime | Unset = UNSET,
    until: datetime.datetime | Unset = UNSET,
    by: ListEventsBy | Unset = ListEventsBy.TIME,
    user: str | Unset = UNSET,
    follow: bool | Unset = False,
    min_position: str | Unset = UNSET,
) -> str:
    """Returns the log in position order, one CloudEvents object per line.

    `Tidings-Position` is the head of the log.

    Args:
        after (str | Unset):  Default: '0'.
        up_to (str | Unset):
        limit (int | Unset):  Default: 1000.
        type_ (str | Unset):
        source (str | Unset):
        since (datetime.datetime | Unset):
        until (datetime.datetime | Unset):
        by (ListEventsBy | Unset): Which time `since` and `until` mean: when an event was
            appended (`time`), or when its message was sent or edited (`sent_at`), which is
            earlier for imported messages. Events without a message have only the first.
            Default: ListEventsBy.TIME.
        user (str | Unset):
        follow (bool | Unset):  Default: False.
        min_position (str | Unset):
    """
    return sync_detailed(
        client=client,
        after=after,
        up_to=up_to,
        limit=limit,
        type_=type_,
        source=source,
        since=since,
        until=until,
        by=by,
        user=user,
        follow=follow,
        min_position=min_position,
    ).parsed


async def asyncio(
    *,
    client: AuthenticatedClient,
    after: str | Unset = "0",
    up_to: str | Unset = UNSET,
    limit: int | Unset = 1000,
    type_: str | Unset = UNSET,
    source: str | Unset = UNSET,
    since: datetime.datetime | Unset = UNSET,
    until: datetime.datetime | Unset = UNSET,
    by: ListEventsBy | Unset = ListEventsBy.TIME,
    user: str | Unset = UNSET,
    follow: bool | Unset = False,
    min_position: str | Unset = UNSET,
) -> str:
    """Calls as `sync` does, without blocking."""
    return (
        await asyncio_detailed(
            client=client,
            after=after,
            up_to=up_to,
            limit=limit,
            type_=type_,
            source=source,
            since=since,
            until=until,
            by=by,
            user=user,
            follow=follow,
            min_position=min_position,
        )
    ).parsed
