from http import HTTPStatus
from typing import Any, cast
from urllib.parse import quote

import httpx

from ... import errors
from ...client import AuthenticatedClient
from ...types import UNSET, Response, Unset


def _get_kwargs(
    id: str,
    *,
    size: int | Unset = UNSET,
    min_position: str | Unset = UNSET,
    range_: None | str | Unset = UNSET,
    if_none_match: None | str | Unset = UNSET,
) -> dict[str, Any]:
    headers: dict[str, Any] = {}
    if not isinstance(range_, Unset):
        headers["Range"] = range_

    if not isinstance(if_none_match, Unset):
        headers["If-None-Match"] = if_none_match

    params: dict[str, Any] = {}

    params["size"] = size

    params["min_position"] = min_position

    params = {k: v for k, v in params.items() if v is not UNSET and v is not None}

    _kwargs: dict[str, Any] = {
        "method": "get",
        "url": "/v1/files/{id}/content".format(
            id=quote(str(id), safe=""),
        ),
        "params": params,
    }

    _kwargs["headers"] = headers
    return _kwargs


def _parse_response(response: httpx.Response) -> list[int]:
    if response.status_code == 200:
        response_200 = cast(list[int], response.content)

        return response_200

    if response.status_code == 206:
        response_206 = cast(list[int], response.content)

        return response_206

    raise errors.UnexpectedStatus(response.status_code, response.content)


def _build_response(response: httpx.Response) -> Response[list[int]]:
    return Response(
        status_code=HTTPStatus(response.status_code),
        content=response.content,
        headers=response.headers,
        parsed=_parse_response(response),
    )


def sync_detailed(
    id: str,
    *,
    client: AuthenticatedClient,
    size: int | Unset = UNSET,
    min_position: str | Unset = UNSET,
    range_: None | str | Unset = UNSET,
    if_none_match: None | str | Unset = UNSET,
) -> Response[list[int]]:
    """Calls as `sync` does, and returns the status and the headers too."""
    kwargs = _get_kwargs(
        id=id,
        size=size,
        min_position=min_position,
        range_=range_,
        if_none_match=if_none_match,
    )
    return _build_response(client.get_httpx_client().request(**kwargs))


async def asyncio_detailed(
    id: str,
    *,
    client: AuthenticatedClient,
    size: int | Unset = UNSET,
    min_position: str | Unset = UNSET,
    range_: None | str | Unset = UNSET,
    if_none_match: None | str | Unset = UNSET,
) -> Response[list[int]]:
    """Calls as `asyncio` does, and returns the status and the headers too."""
    kwargs = _get_kwargs(
        id=id,
        size=size,
        min_position=min_position,
        range_=range_,
        if_none_match=if_none_match,
    )
    return _build_response(await client.get_async_httpx_client().request(**kwargs))


def sync(
    id: str,
    *,
    client: AuthenticatedClient,
    size: int | Unset = UNSET,
    min_position: str | Unset = UNSET,
    range_: None | str | Unset = UNSET,
    if_none_match: None | str | Unset = UNSET,
) -> list[int]:
    """Returns the bytes of a file

    Everybody who can see the file can read them. `Range` selects a part, `If-None-Match` with the
    `ETag` of an earlier answer saves sending them again. Images, audio and video are answered for
    display (`Content-Disposition: inline`), everything else for saving.

    `size` asks for a preview of an image instead: turned as the EXIF data of the image say, without
    these data, and of an animation the first frame. It is a JPEG, or a PNG if anything is
    transparent, and is sent as a whole. If it is not there yet, it is made. What has none (other
    formats than JPEG, PNG, GIF and WebP, images that cannot be read, and very large ones) is
    answered with `404 no_preview`.

    Args:
        id (str):
        size (int | Unset):
        min_position (str | Unset):
        range_ (None | str | Unset):
        if_none_match (None | str | Unset):
    """
    return sync_detailed(
        id=id,
        client=client,
        size=size,
        min_position=min_position,
        range_=range_,
        if_none_match=if_none_match,
    ).parsed


async def asyncio(
    id: str,
    *,
    client: AuthenticatedClient,
    size: int | Unset = UNSET,
    min_position: str | Unset = UNSET,
    range_: None | str | Unset = UNSET,
    if_none_match: None | str | Unset = UNSET,
) -> list[int]:
    """Calls as `sync` does, without blocking."""
    return (
        await asyncio_detailed(
            id=id,
            client=client,
            size=size,
            min_position=min_position,
            range_=range_,
            if_none_match=if_none_match,
        )
    ).parsed
