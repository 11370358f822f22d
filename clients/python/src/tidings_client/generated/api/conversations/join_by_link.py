from http import HTTPStatus
from typing import Any
from urllib.parse import quote

import httpx

from ... import errors
from ...client import AuthenticatedClient
from ...models.joined_by_link import JoinedByLink
from ...types import UNSET, Response, Unset


def _get_kwargs(
    code: str,
    *,
    idempotency_key: None | str | Unset = UNSET,
) -> dict[str, Any]:
    headers: dict[str, Any] = {}
    if not isinstance(idempotency_key, Unset):
        headers["Idempotency-Key"] = idempotency_key

    _kwargs: dict[str, Any] = {
        "method": "post",
        "url": "/v1/links/{code}".format(
            code=quote(str(code), safe=""),
        ),
    }

    _kwargs["headers"] = headers
    return _kwargs


def _parse_response(response: httpx.Response) -> JoinedByLink:
    if response.status_code == 200:
        response_200 = JoinedByLink.from_dict(response.json())

        return response_200

    raise errors.UnexpectedStatus(response.status_code, response.content)


def _build_response(response: httpx.Response) -> Response[JoinedByLink]:
    return Response(
        status_code=HTTPStatus(response.status_code),
        content=response.content,
        headers=response.headers,
        parsed=_parse_response(response),
    )


def sync_detailed(
    code: str,
    *,
    client: AuthenticatedClient,
    idempotency_key: None | str | Unset = UNSET,
) -> Response[JoinedByLink]:
    """Calls as `sync` does, and returns the status and the headers too."""
    kwargs = _get_kwargs(
        code=code,
        idempotency_key=idempotency_key,
    )
    return _build_response(client.get_httpx_client().request(**kwargs))


async def asyncio_detailed(
    code: str,
    *,
    client: AuthenticatedClient,
    idempotency_key: None | str | Unset = UNSET,
) -> Response[JoinedByLink]:
    """Calls as `asyncio` does, and returns the status and the headers too."""
    kwargs = _get_kwargs(
        code=code,
        idempotency_key=idempotency_key,
    )
    return _build_response(await client.get_async_httpx_client().request(**kwargs))


def sync(
    code: str,
    *,
    client: AuthenticatedClient,
    idempotency_key: None | str | Unset = UNSET,
) -> JoinedByLink:
    """Join by a link

    A code that was never created, was ended, has expired or is used up is unknown.

    Args:
        code (str):
        idempotency_key (None | str | Unset):
    """
    return sync_detailed(
        code=code,
        client=client,
        idempotency_key=idempotency_key,
    ).parsed


async def asyncio(
    code: str,
    *,
    client: AuthenticatedClient,
    idempotency_key: None | str | Unset = UNSET,
) -> JoinedByLink:
    """Calls as `sync` does, without blocking."""
    return (
        await asyncio_detailed(
            code=code,
            client=client,
            idempotency_key=idempotency_key,
        )
    ).parsed
