from http import HTTPStatus
from typing import Any
from urllib.parse import quote

import httpx

from ... import errors
from ...client import AuthenticatedClient
from ...models.uploaded_file import UploadedFile
from ...types import UNSET, Response, Unset


def _get_kwargs(
    id: str,
    *,
    body: list[int],
    content_range: None | str | Unset = UNSET,
) -> dict[str, Any]:
    headers: dict[str, Any] = {}
    if not isinstance(content_range, Unset):
        headers["Content-Range"] = content_range

    _kwargs: dict[str, Any] = {
        "method": "put",
        "url": "/v1/files/{id}/content".format(
            id=quote(str(id), safe=""),
        ),
    }

    _kwargs["content"] = body.payload

    headers["Content-Type"] = "application/octet-stream"

    _kwargs["headers"] = headers
    return _kwargs


def _parse_response(response: httpx.Response) -> UploadedFile:
    if response.status_code == 200:
        response_200 = UploadedFile.from_dict(response.json())

        return response_200

    if response.status_code == 202:
        response_202 = UploadedFile.from_dict(response.json())

        return response_202

    raise errors.UnexpectedStatus(response.status_code, response.content)


def _build_response(response: httpx.Response) -> Response[UploadedFile]:
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
    body: list[int],
    content_range: None | str | Unset = UNSET,
) -> Response[UploadedFile]:
    """Calls as `sync` does, and returns the status and the headers too."""
    kwargs = _get_kwargs(
        id=id,
        body=body,
        content_range=content_range,
    )
    return _build_response(client.get_httpx_client().request(**kwargs))


async def asyncio_detailed(
    id: str,
    *,
    client: AuthenticatedClient,
    body: list[int],
    content_range: None | str | Unset = UNSET,
) -> Response[UploadedFile]:
    """Calls as `asyncio` does, and returns the status and the headers too."""
    kwargs = _get_kwargs(
        id=id,
        body=body,
        content_range=content_range,
    )
    return _build_response(await client.get_async_httpx_client().request(**kwargs))


def sync(
    id: str,
    *,
    client: AuthenticatedClient,
    body: list[int],
    content_range: None | str | Unset = UNSET,
) -> UploadedFile:
    """Send the bytes of a file

    The body is the bytes, streamed. If the connection breaks, ask with an empty body and
    `Content-Range: bytes */SIZE` how many have arrived (`received`), and send the rest with
    `Content-Range: bytes FIRST-LAST/SIZE`. While bytes are missing, the answer is `202`. A request
    without the header starts over. Another size or SHA-256 than announced is `422`, and nothing is
    stored. Repeating an upload that is complete changes nothing.

    Args:
        id (str):
        content_range (None | str | Unset):
        body (list[int]):
    """
    return sync_detailed(
        id=id,
        client=client,
        body=body,
        content_range=content_range,
    ).parsed


async def asyncio(
    id: str,
    *,
    client: AuthenticatedClient,
    body: list[int],
    content_range: None | str | Unset = UNSET,
) -> UploadedFile:
    """Calls as `sync` does, without blocking."""
    return (
        await asyncio_detailed(
            id=id,
            client=client,
            body=body,
            content_range=content_range,
        )
    ).parsed
