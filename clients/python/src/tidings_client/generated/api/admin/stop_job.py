from http import HTTPStatus
from typing import Any
from urllib.parse import quote

import httpx

from ... import errors
from ...client import AuthenticatedClient
from ...models.job import Job
from ...types import Response


def _get_kwargs(
    id: str,
) -> dict[str, Any]:

    _kwargs: dict[str, Any] = {
        "method": "delete",
        "url": "/v1/admin/jobs/{id}".format(
            id=quote(str(id), safe=""),
        ),
    }

    return _kwargs


def _parse_response(response: httpx.Response) -> Job:
    if response.status_code == 200:
        response_200 = Job.from_dict(response.json())

        return response_200

    if response.status_code == 202:
        response_202 = Job.from_dict(response.json())

        return response_202

    raise errors.UnexpectedStatus(response.status_code, response.content)


def _build_response(response: httpx.Response) -> Response[Job]:
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
) -> Response[Job]:
    """Calls as `sync` does, and returns the status and the headers too."""
    kwargs = _get_kwargs(
        id=id,
    )
    return _build_response(client.get_httpx_client().request(**kwargs))


async def asyncio_detailed(
    id: str,
    *,
    client: AuthenticatedClient,
) -> Response[Job]:
    """Calls as `asyncio` does, and returns the status and the headers too."""
    kwargs = _get_kwargs(
        id=id,
    )
    return _build_response(await client.get_async_httpx_client().request(**kwargs))


def sync(
    id: str,
    *,
    client: AuthenticatedClient,
) -> Job:
    """Stops a job. What is served stays as it is.

    The job is `stopped` about a second later, unless it comes to its end before. The rebuild of a
    search index cannot be stopped: the process that writes the index does it.

    Args:
        id (str):
    """
    return sync_detailed(
        id=id,
        client=client,
    ).parsed


async def asyncio(
    id: str,
    *,
    client: AuthenticatedClient,
) -> Job:
    """Calls as `sync` does, without blocking."""
    return (
        await asyncio_detailed(
            id=id,
            client=client,
        )
    ).parsed
