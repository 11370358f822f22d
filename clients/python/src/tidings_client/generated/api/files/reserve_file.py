from http import HTTPStatus
from typing import Any

import httpx

from ... import errors
from ...client import AuthenticatedClient
from ...models.new_file import NewFile
from ...models.reserved_file import ReservedFile
from ...types import UNSET, Response, Unset


def _get_kwargs(
    *,
    body: NewFile,
    idempotency_key: None | str | Unset = UNSET,
) -> dict[str, Any]:
    headers: dict[str, Any] = {}
    if not isinstance(idempotency_key, Unset):
        headers["Idempotency-Key"] = idempotency_key

    _kwargs: dict[str, Any] = {
        "method": "post",
        "url": "/v1/files",
    }

    _kwargs["json"] = body.to_dict()

    headers["Content-Type"] = "application/json"

    _kwargs["headers"] = headers
    return _kwargs


def _parse_response(response: httpx.Response) -> ReservedFile:
    if response.status_code == 201:
        response_201 = ReservedFile.from_dict(response.json())

        return response_201

    raise errors.UnexpectedStatus(response.status_code, response.content)


def _build_response(response: httpx.Response) -> Response[ReservedFile]:
    return Response(
        status_code=HTTPStatus(response.status_code),
        content=response.content,
        headers=response.headers,
        parsed=_parse_response(response),
    )


def sync_detailed(
    *,
    client: AuthenticatedClient,
    body: NewFile,
    idempotency_key: None | str | Unset = UNSET,
) -> Response[ReservedFile]:
    """Calls as `sync` does, and returns the status and the headers too."""
    kwargs = _get_kwargs(
        body=body,
        idempotency_key=idempotency_key,
    )
    return _build_response(client.get_httpx_client().request(**kwargs))


async def asyncio_detailed(
    *,
    client: AuthenticatedClient,
    body: NewFile,
    idempotency_key: None | str | Unset = UNSET,
) -> Response[ReservedFile]:
    """Calls as `asyncio` does, and returns the status and the headers too."""
    kwargs = _get_kwargs(
        body=body,
        idempotency_key=idempotency_key,
    )
    return _build_response(await client.get_async_httpx_client().request(**kwargs))


def sync(
    *,
    client: AuthenticatedClient,
    body: NewFile,
    idempotency_key: None | str | Unset = UNSET,
) -> ReservedFile:
    """Announce a file

    The bytes follow by `PUT /v1/files/{id}/content`. Then a message of type `image`, `file`,
    `audio` or `video` can name the file in `body.file`. The upload expires after a day, and so does
    a file that nothing uses for a day.

    Args:
        idempotency_key (None | str | Unset):
        body (NewFile): The file to upload.
    """
    return sync_detailed(
        client=client,
        body=body,
        idempotency_key=idempotency_key,
    ).parsed


async def asyncio(
    *,
    client: AuthenticatedClient,
    body: NewFile,
    idempotency_key: None | str | Unset = UNSET,
) -> ReservedFile:
    """Calls as `sync` does, without blocking."""
    return (
        await asyncio_detailed(
            client=client,
            body=body,
            idempotency_key=idempotency_key,
        )
    ).parsed
