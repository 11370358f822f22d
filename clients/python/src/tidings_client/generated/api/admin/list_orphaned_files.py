from http import HTTPStatus
from typing import Any

import httpx

from ... import errors
from ...client import AuthenticatedClient
from ...models.orphaned_file_list import OrphanedFileList
from ...types import UNSET, Response, Unset


def _get_kwargs(
    *,
    state: str | Unset = UNSET,
    limit: int | Unset = 50,
    after: str | Unset = UNSET,
    min_position: str | Unset = UNSET,
) -> dict[str, Any]:

    params: dict[str, Any] = {}

    params["state"] = state

    params["limit"] = limit

    params["after"] = after

    params["min_position"] = min_position

    params = {k: v for k, v in params.items() if v is not UNSET and v is not None}

    _kwargs: dict[str, Any] = {
        "method": "get",
        "url": "/v1/admin/storage/orphans",
        "params": params,
    }

    return _kwargs


def _parse_response(response: httpx.Response) -> OrphanedFileList:
    if response.status_code == 200:
        response_200 = OrphanedFileList.from_dict(response.json())

        return response_200

    raise errors.UnexpectedStatus(response.status_code, response.content)


def _build_response(response: httpx.Response) -> Response[OrphanedFileList]:
    return Response(
        status_code=HTTPStatus(response.status_code),
        content=response.content,
        headers=response.headers,
        parsed=_parse_response(response),
    )


def sync_detailed(
    *,
    client: AuthenticatedClient,
    state: str | Unset = UNSET,
    limit: int | Unset = 50,
    after: str | Unset = UNSET,
    min_position: str | Unset = UNSET,
) -> Response[OrphanedFileList]:
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
    state: str | Unset = UNSET,
    limit: int | Unset = 50,
    after: str | Unset = UNSET,
    min_position: str | Unset = UNSET,
) -> Response[OrphanedFileList]:
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
    state: str | Unset = UNSET,
    limit: int | Unset = 50,
    after: str | Unset = UNSET,
    min_position: str | Unset = UNSET,
) -> OrphanedFileList:
    """Returns the files that nothing uses

    Stored files that nothing uses, and uploads that are not finished, with the time when they
    will be deleted.

    Args:
        state (str | Unset):
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
    state: str | Unset = UNSET,
    limit: int | Unset = 50,
    after: str | Unset = UNSET,
    min_position: str | Unset = UNSET,
) -> OrphanedFileList:
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
