from http import HTTPStatus
from typing import Any
from urllib.parse import quote

import httpx

from ... import errors
from ...client import AuthenticatedClient
from ...models.positioned import Positioned
from ...models.restriction_request import RestrictionRequest
from ...types import UNSET, Response, Unset


def _get_kwargs(
    user: str,
    *,
    body: RestrictionRequest,
    idempotency_key: None | str | Unset = UNSET,
) -> dict[str, Any]:
    headers: dict[str, Any] = {}
    if not isinstance(idempotency_key, Unset):
        headers["Idempotency-Key"] = idempotency_key

    _kwargs: dict[str, Any] = {
        "method": "put",
        "url": "/v1/moderation/users/{user}/restriction".format(
            user=quote(str(user), safe=""),
        ),
    }

    _kwargs["json"] = body.to_dict()

    headers["Content-Type"] = "application/json"

    _kwargs["headers"] = headers
    return _kwargs


def _parse_response(response: httpx.Response) -> Positioned:
    if response.status_code == 200:
        response_200 = Positioned.from_dict(response.json())

        return response_200

    raise errors.UnexpectedStatus(response.status_code, response.content)


def _build_response(response: httpx.Response) -> Response[Positioned]:
    return Response(
        status_code=HTTPStatus(response.status_code),
        content=response.content,
        headers=response.headers,
        parsed=_parse_response(response),
    )


def sync_detailed(
    user: str,
    *,
    client: AuthenticatedClient,
    body: RestrictionRequest,
    idempotency_key: None | str | Unset = UNSET,
) -> Response[Positioned]:
    """Calls as `sync` does, and returns the status and the headers too."""
    kwargs = _get_kwargs(
        user=user,
        body=body,
        idempotency_key=idempotency_key,
    )
    return _build_response(client.get_httpx_client().request(**kwargs))


async def asyncio_detailed(
    user: str,
    *,
    client: AuthenticatedClient,
    body: RestrictionRequest,
    idempotency_key: None | str | Unset = UNSET,
) -> Response[Positioned]:
    """Calls as `asyncio` does, and returns the status and the headers too."""
    kwargs = _get_kwargs(
        user=user,
        body=body,
        idempotency_key=idempotency_key,
    )
    return _build_response(await client.get_async_httpx_client().request(**kwargs))


def sync(
    user: str,
    *,
    client: AuthenticatedClient,
    body: RestrictionRequest,
    idempotency_key: None | str | Unset = UNSET,
) -> Positioned:
    """Restrict a user everywhere

    A `silenced` user can read; whatever writes gets 403 `silenced`. Every call of a `banned` user
    gets 403 `banned`, and their live connections close with 4403; every process follows within a
    second. Both have `until` if the restriction ends by itself. A restriction replaces an earlier
    one. Tokens with the scope `admin` are not subject to a ban.

    Args:
        user (str):
        idempotency_key (None | str | Unset):
        body (RestrictionRequest): What a user may not do anywhere, how long, and why.
    """
    return sync_detailed(
        user=user,
        client=client,
        body=body,
        idempotency_key=idempotency_key,
    ).parsed


async def asyncio(
    user: str,
    *,
    client: AuthenticatedClient,
    body: RestrictionRequest,
    idempotency_key: None | str | Unset = UNSET,
) -> Positioned:
    """Calls as `sync` does, without blocking."""
    return (
        await asyncio_detailed(
            user=user,
            client=client,
            body=body,
            idempotency_key=idempotency_key,
        )
    ).parsed
