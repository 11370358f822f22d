from http import HTTPStatus
from typing import Any
from urllib.parse import quote

import httpx

from ... import errors
from ...client import AuthenticatedClient
from ...models.scheduled import Scheduled
from ...models.scheduled_change_request import ScheduledChangeRequest
from ...types import UNSET, Response, Unset


def _get_kwargs(
    id: str,
    *,
    body: ScheduledChangeRequest,
    idempotency_key: None | str | Unset = UNSET,
) -> dict[str, Any]:
    headers: dict[str, Any] = {}
    if not isinstance(idempotency_key, Unset):
        headers["Idempotency-Key"] = idempotency_key

    _kwargs: dict[str, Any] = {
        "method": "patch",
        "url": "/v1/scheduled/{id}".format(
            id=quote(str(id), safe=""),
        ),
    }

    _kwargs["json"] = body.to_dict()

    headers["Content-Type"] = "application/json"

    _kwargs["headers"] = headers
    return _kwargs


def _parse_response(response: httpx.Response) -> Scheduled:
    if response.status_code == 200:
        response_200 = Scheduled.from_dict(response.json())

        return response_200

    raise errors.UnexpectedStatus(response.status_code, response.content)


def _build_response(response: httpx.Response) -> Response[Scheduled]:
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
    body: ScheduledChangeRequest,
    idempotency_key: None | str | Unset = UNSET,
) -> Response[Scheduled]:
    """Calls as `sync` does, and returns the status and the headers too."""
    kwargs = _get_kwargs(
        id=id,
        body=body,
        idempotency_key=idempotency_key,
    )
    return _build_response(client.get_httpx_client().request(**kwargs))


async def asyncio_detailed(
    id: str,
    *,
    client: AuthenticatedClient,
    body: ScheduledChangeRequest,
    idempotency_key: None | str | Unset = UNSET,
) -> Response[Scheduled]:
    """Calls as `asyncio` does, and returns the status and the headers too."""
    kwargs = _get_kwargs(
        id=id,
        body=body,
        idempotency_key=idempotency_key,
    )
    return _build_response(await client.get_async_httpx_client().request(**kwargs))


def sync(
    id: str,
    *,
    client: AuthenticatedClient,
    body: ScheduledChangeRequest,
    idempotency_key: None | str | Unset = UNSET,
) -> Scheduled:
    """Change a scheduled message

    A message that failed waits again, and needs a new `send_at` if that has passed. A new body that
    names no file keeps that of the message.

    Args:
        id (str):
        idempotency_key (None | str | Unset):
        body (ScheduledChangeRequest): A change of a scheduled message: at least one of the
            two fields.
    """
    return sync_detailed(
        id=id,
        client=client,
        body=body,
        idempotency_key=idempotency_key,
    ).parsed


async def asyncio(
    id: str,
    *,
    client: AuthenticatedClient,
    body: ScheduledChangeRequest,
    idempotency_key: None | str | Unset = UNSET,
) -> Scheduled:
    """Calls as `sync` does, without blocking."""
    return (
        await asyncio_detailed(
            id=id,
            client=client,
            body=body,
            idempotency_key=idempotency_key,
        )
    ).parsed
