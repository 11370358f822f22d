from http import HTTPStatus
from typing import Any

import httpx

from ... import errors
from ...client import AuthenticatedClient
from ...models.rename_place_body import RenamePlaceBody
from ...models.renamed_place import RenamedPlace
from ...types import Response


def _get_kwargs(
    *,
    body: RenamePlaceBody,
) -> dict[str, Any]:
    headers: dict[str, Any] = {}

    _kwargs: dict[str, Any] = {
        "method": "patch",
        "url": "/v1/admin/place",
    }

    _kwargs["json"] = body.to_dict()

    headers["Content-Type"] = "application/json"

    _kwargs["headers"] = headers
    return _kwargs


def _parse_response(response: httpx.Response) -> RenamedPlace:
    if response.status_code == 200:
        response_200 = RenamedPlace.from_dict(response.json())

        return response_200

    raise errors.UnexpectedStatus(response.status_code, response.content)


def _build_response(response: httpx.Response) -> Response[RenamedPlace]:
    return Response(
        status_code=HTTPStatus(response.status_code),
        content=response.content,
        headers=response.headers,
        parsed=_parse_response(response),
    )


def sync_detailed(
    *,
    client: AuthenticatedClient,
    body: RenamePlaceBody,
) -> Response[RenamedPlace]:
    """Calls as `sync` does, and returns the status and the headers too."""
    kwargs = _get_kwargs(
        body=body,
    )
    return _build_response(client.get_httpx_client().request(**kwargs))


async def asyncio_detailed(
    *,
    client: AuthenticatedClient,
    body: RenamePlaceBody,
) -> Response[RenamedPlace]:
    """Calls as `asyncio` does, and returns the status and the headers too."""
    kwargs = _get_kwargs(
        body=body,
    )
    return _build_response(await client.get_async_httpx_client().request(**kwargs))


def sync(
    *,
    client: AuthenticatedClient,
    body: RenamePlaceBody,
) -> RenamedPlace:
    """Renames the place. The pages show the new name within a second.

    Args:
        body (RenamePlaceBody): The name to give.
    """
    return sync_detailed(
        client=client,
        body=body,
    ).parsed


async def asyncio(
    *,
    client: AuthenticatedClient,
    body: RenamePlaceBody,
) -> RenamedPlace:
    """Calls as `sync` does, without blocking."""
    return (
        await asyncio_detailed(
            client=client,
            body=body,
        )
    ).parsed
