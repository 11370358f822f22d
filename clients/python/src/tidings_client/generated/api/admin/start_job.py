from http import HTTPStatus
from typing import Any

import httpx

from ... import errors
from ...client import AuthenticatedClient
from ...models.job import Job
from ...models.start_job_body import StartJobBody
from ...types import Response


def _get_kwargs(
    *,
    body: StartJobBody,
) -> dict[str, Any]:
    headers: dict[str, Any] = {}

    _kwargs: dict[str, Any] = {
        "method": "post",
        "url": "/v1/admin/jobs",
    }

    _kwargs["json"] = body.to_dict()

    headers["Content-Type"] = "application/json"

    _kwargs["headers"] = headers
    return _kwargs


def _parse_response(response: httpx.Response) -> Job:
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
    *,
    client: AuthenticatedClient,
    body: StartJobBody,
) -> Response[Job]:
    """Calls as `sync` does, and returns the status and the headers too."""
    kwargs = _get_kwargs(
        body=body,
    )
    return _build_response(client.get_httpx_client().request(**kwargs))


async def asyncio_detailed(
    *,
    client: AuthenticatedClient,
    body: StartJobBody,
) -> Response[Job]:
    """Calls as `asyncio` does, and returns the status and the headers too."""
    kwargs = _get_kwargs(
        body=body,
    )
    return _build_response(await client.get_async_httpx_client().request(**kwargs))


def sync(
    *,
    client: AuthenticatedClient,
    body: StartJobBody,
) -> Job:
    """Starts a rebuild or a verification, which runs in the background.

    Only one runs at a time. While a rebuild runs, the old tables or the old index are served; it
    ends with a comparison and a swap. A verification that finds differences is `done` with `equal`
    false, one of seals with `findings`. A job ends with its process, as `interrupted`; a rebuild
    that is started again continues where it was.

    Args:
        body (StartJobBody): The job to start.
    """
    return sync_detailed(
        client=client,
        body=body,
    ).parsed


async def asyncio(
    *,
    client: AuthenticatedClient,
    body: StartJobBody,
) -> Job:
    """Calls as `sync` does, without blocking."""
    return (
        await asyncio_detailed(
            client=client,
            body=body,
        )
    ).parsed
