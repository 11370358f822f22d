from http import HTTPStatus
from typing import Any
from urllib.parse import quote

import httpx

from ... import errors
from ...client import AuthenticatedClient
from ...models.edit_request import EditRequest
from ...models.edited import Edited
from ...types import UNSET, Response, Unset


def _get_kwargs(
    id: str,
    seq: int,
    *,
    body: EditRequest,
    idempotency_key: None | str | Unset = UNSET,
) -> dict[str, Any]:
    headers: dict[str, Any] = {}
    if not isinstance(idempotency_key, Unset):
        headers["Idempotency-Key"] = idempotency_key

    _kwargs: dict[str, Any] = {
        "method": "put",
        "url": "/v1/conversations/{id}/messages/{seq}".format(
            id=quote(str(id), safe=""),
            seq=quote(str(seq), safe=""),
        ),
    }

    _kwargs["json"] = body.to_dict()

    headers["Content-Type"] = "application/json"

    _kwargs["headers"] = headers
    return _kwargs


def _parse_response(response: httpx.Response) -> Edited:
    if response.status_code == 200:
        response_200 = Edited.from_dict(response.json())

        return response_200

    raise errors.UnexpectedStatus(response.status_code, response.content)


def _build_response(response: httpx.Response) -> Response[Edited]:
    return Response(
        status_code=HTTPStatus(response.status_code),
        content=response.content,
        headers=response.headers,
        parsed=_parse_response(response),
    )


def sync_detailed(
    id: str,
    seq: int,
    *,
    client: AuthenticatedClient,
    body: EditRequest,
    idempotency_key: None | str | Unset = UNSET,
) -> Response[Edited]:
    """Calls as `sync` does, and returns the status and the headers too."""
    kwargs = _get_kwargs(
        id=id,
        seq=seq,
        body=body,
        idempotency_key=idempotency_key,
    )
    return _build_response(client.get_httpx_client().request(**kwargs))


async def asyncio_detailed(
    id: str,
    seq: int,
    *,
    client: AuthenticatedClient,
    body: EditRequest,
    idempotency_key: None | str | Unset = UNSET,
) -> Response[Edited]:
    """Calls as `asyncio` does, and returns the status and the headers too."""
    kwargs = _get_kwargs(
        id=id,
        seq=seq,
        body=body,
        idempotency_key=idempotency_key,
    )
    return _build_response(await client.get_async_httpx_client().request(**kwargs))


def sync(
    id: str,
    seq: int,
    *,
    client: AuthenticatedClient,
    body: EditRequest,
    idempotency_key: None | str | Unset = UNSET,
) -> Edited:
    """Edit a message

    Requires the author of the message; a recalled message cannot be edited. An equal body changes
    nothing. A message keeps its file: the body need not name it, and cannot name another one. If
    the hook would hold the edit, it is refused.

    Args:
        id (str):
        seq (int):
        idempotency_key (None | str | Unset):
        body (EditRequest): The new body of a message.
    """
    return sync_detailed(
        id=id,
        seq=seq,
        client=client,
        body=body,
        idempotency_key=idempotency_key,
    ).parsed


async def asyncio(
    id: str,
    seq: int,
    *,
    client: AuthenticatedClient,
    body: EditRequest,
    idempotency_key: None | str | Unset = UNSET,
) -> Edited:
    """Calls as `sync` does, without blocking."""
    return (
        await asyncio_detailed(
            id=id,
            seq=seq,
            client=client,
            body=body,
            idempotency_key=idempotency_key,
        )
    ).parsed
