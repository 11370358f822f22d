from http import HTTPStatus
from typing import Any
from urllib.parse import quote

import httpx

from ... import errors
from ...client import AuthenticatedClient
from ...models.desk import Desk
from ...types import UNSET, Response, Unset


def _get_kwargs(
    desk: str,
    *,
    min_position: str | Unset = UNSET,
) -> dict[str, Any]:

    params: dict[str, Any] = {}

    params["min_position"] = min_position

    params = {k: v for k, v in params.items() if v is not UNSET and v is not None}

    _kwargs: dict[str, Any] = {
        "method": "get",
        "url": "/v1/admin/desks/{desk}".format(
            desk=quote(str(desk), safe=""),
        ),
        "params": params,
    }

    return _kwargs


def _parse_response(response: httpx.Response) -> Desk:
    if response.status_code == 200:
        response_200 = Desk.from_dict(response.json())

        return response_200

    raise errors.UnexpectedStatus(response.status_code, response.content)


def _build_response(response: httpx.Response) -> Response[Desk]:
    return Response(
        status_code=HTTPStatus(response.status_code),
        content=response.content,
        headers=response.headers,
        parsed=_parse_response(response),
    )


def sync_detailed(
    desk: str,
    *,
    client: AuthenticatedClient,
    min_position: str | Unset = UNSET,
) -> Response[Desk]:
    """Calls as `sync` does, and returns the status and the headers too."""
    kwargs = _get_kwargs(
        desk=desk,
        min_position=min_position,
    )
    return _build_response(client.get_httpx_client().request(**kwargs))


async def asyncio_detailed(
    desk: str,
    *,
    client: AuthenticatedClient,
    min_position: str | Unset = UNSET,
) -> Response[Desk]:
    """Calls as `asyncio` does, and returns the status and the headers too."""
    kwargs = _get_kwargs(
        desk=desk,
        min_position=min_position,
    )
    return _build_response(await client.get_async_httpx_client().request(**kwargs))


def sync(
    desk: str,
    *,
    client: AuthenticatedClient,
    min_position: str | Unset = UNSET,
) -> Desk:
    """Returns the settings of a desk. For administrators, and agents of the desk.

    Args:
        desk (str):
        min_position (str | Unset):
    """
    return sync_detailed(
        desk=desk,
        client=client,
        min_position=min_position,
    ).parsed


async def asyncio(
    desk: str,
    *,
    client: AuthenticatedClient,
    min_position: str | Unset = UNSET,
) -> Desk:
    """Calls as `sync` does, without blocking."""
    return (
        await asyncio_detailed(
            desk=desk,
            client=client,
            min_position=min_position,
        )
    ).parsed
