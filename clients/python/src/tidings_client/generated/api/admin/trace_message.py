from http import HTTPStatus
from typing import Any
from urllib.parse import quote

import httpx

from ... import errors
from ...client import AuthenticatedClient
from ...models.message_trace import MessageTrace
from ...types import UNSET, Response, Unset


def _get_kwargs(
    id: str,
    seq: int,
    *,
    min_position: str | Unset = UNSET,
) -> dict[str, Any]:

    params: dict[str, Any] = {}

    params["min_position"] = min_position

    params = {k: v for k, v in params.items() if v is not UNSET and v is not None}

    _kwargs: dict[str, Any] = {
        "method": "get",
        "url": "/v1/admin/conversations/{id}/messages/{seq}/trace".format(
            id=quote(str(id), safe=""),
            seq=quote(str(seq), safe=""),
        ),
        "params": params,
    }

    return _kwargs


def _parse_response(response: httpx.Response) -> MessageTrace:
    if response.status_code == 200:
        response_200 = MessageTrace.from_dict(response.json())

        return response_200

    raise errors.UnexpectedStatus(response.status_code, response.content)


def _build_response(response: httpx.Response) -> Response[MessageTrace]:
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
    min_position: str | Unset = UNSET,
) -> Response[MessageTrace]:
    """Calls as `sync` does, and returns the status and the headers too."""
    kwargs = _get_kwargs(
        id=id,
        seq=seq,
        min_position=min_position,
    )
    return _build_response(client.get_httpx_client().request(**kwargs))


async def asyncio_detailed(
    id: str,
    seq: int,
    *,
    client: AuthenticatedClient,
    min_position: str | Unset = UNSET,
) -> Response[MessageTrace]:
    """Calls as `asyncio` does, and returns the status and the headers too."""
    kwargs = _get_kwargs(
        id=id,
        seq=seq,
        min_position=min_position,
    )
    return _build_response(await client.get_async_httpx_client().request(**kwargs))


def sync(
    id: str,
    seq: int,
    *,
    client: AuthenticatedClient,
    min_position: str | Unset = UNSET,
) -> MessageTrace:
    """Returns what has become of a message: stored, mirrored, projected, indexed and sealed, who
    has
    it on which device, who has read it, and what the webhooks did.

    Each stage says when it happened, or that its time is not stored, and where the stage stands
    now.

    Args:
        id (str):
        seq (int):
        min_position (str | Unset):
    """
    return sync_detailed(
        id=id,
        seq=seq,
        client=client,
        min_position=min_position,
    ).parsed


async def asyncio(
    id: str,
    seq: int,
    *,
    client: AuthenticatedClient,
    min_position: str | Unset = UNSET,
) -> MessageTrace:
    """Calls as `sync` does, without blocking."""
    return (
        await asyncio_detailed(
            id=id,
            seq=seq,
            client=client,
            min_position=min_position,
        )
    ).parsed
