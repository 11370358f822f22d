from http import HTTPStatus
from typing import Any

import httpx

from ... import errors
from ...client import AuthenticatedClient
from ...models.push_report import PushReport
from ...types import UNSET, Response, Unset


def _get_kwargs(
    *,
    hours: int | Unset = 24,
    min_position: str | Unset = UNSET,
) -> dict[str, Any]:

    params: dict[str, Any] = {}

    params["hours"] = hours

    params["min_position"] = min_position

    params = {k: v for k, v in params.items() if v is not UNSET and v is not None}

    _kwargs: dict[str, Any] = {
        "method": "get",
        "url": "/v1/admin/pushes",
        "params": params,
    }

    return _kwargs


def _parse_response(response: httpx.Response) -> PushReport:
    if response.status_code == 200:
        response_200 = PushReport.from_dict(response.json())

        return response_200

    raise errors.UnexpectedStatus(response.status_code, response.content)


def _build_response(response: httpx.Response) -> Response[PushReport]:
    return Response(
        status_code=HTTPStatus(response.status_code),
        content=response.content,
        headers=response.headers,
        parsed=_parse_response(response),
    )


def sync_detailed(
    *,
    client: AuthenticatedClient,
    hours: int | Unset = 24,
    min_position: str | Unset = UNSET,
) -> Response[PushReport]:
    """Calls as `sync` does, and returns the status and the headers too."""
    kwargs = _get_kwargs(
        hours=hours,
        min_position=min_position,
    )
    return _build_response(client.get_httpx_client().request(**kwargs))


async def asyncio_detailed(
    *,
    client: AuthenticatedClient,
    hours: int | Unset = 24,
    min_position: str | Unset = UNSET,
) -> Response[PushReport]:
    """Calls as `asyncio` does, and returns the status and the headers too."""
    kwargs = _get_kwargs(
        hours=hours,
        min_position=min_position,
    )
    return _build_response(await client.get_async_httpx_client().request(**kwargs))


def sync(
    *,
    client: AuthenticatedClient,
    hours: int | Unset = 24,
    min_position: str | Unset = UNSET,
) -> PushReport:
    """Returns how pushes fare, by provider

    Attempts are counted once their results are stored. The metric `tidings_push_total` has the same
    for each process.

    Args:
        hours (int | Unset):  Default: 24.
        min_position (str | Unset):
    """
    return sync_detailed(
        client=client,
        hours=hours,
        min_position=min_position,
    ).parsed


async def asyncio(
    *,
    client: AuthenticatedClient,
    hours: int | Unset = 24,
    min_position: str | Unset = UNSET,
) -> PushReport:
    """Calls as `sync` does, without blocking."""
    return (
        await asyncio_detailed(
            client=client,
            hours=hours,
            min_position=min_position,
        )
    ).parsed
