from http import HTTPStatus
from typing import Any

import httpx

from ... import errors
from ...client import AuthenticatedClient
from ...models.flood_rules_request import FloodRulesRequest
from ...models.positioned import Positioned
from ...types import UNSET, Response, Unset


def _get_kwargs(
    *,
    body: FloodRulesRequest,
    idempotency_key: None | str | Unset = UNSET,
) -> dict[str, Any]:
    headers: dict[str, Any] = {}
    if not isinstance(idempotency_key, Unset):
        headers["Idempotency-Key"] = idempotency_key

    _kwargs: dict[str, Any] = {
        "method": "put",
        "url": "/v1/moderation/flood",
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
    *,
    client: AuthenticatedClient,
    body: FloodRulesRequest,
    idempotency_key: None | str | Unset = UNSET,
) -> Response[Positioned]:
    """Calls as `sync` does, and returns the status and the headers too."""
    kwargs = _get_kwargs(
        body=body,
        idempotency_key=idempotency_key,
    )
    return _build_response(client.get_httpx_client().request(**kwargs))


async def asyncio_detailed(
    *,
    client: AuthenticatedClient,
    body: FloodRulesRequest,
    idempotency_key: None | str | Unset = UNSET,
) -> Response[Positioned]:
    """Calls as `asyncio` does, and returns the status and the headers too."""
    kwargs = _get_kwargs(
        body=body,
        idempotency_key=idempotency_key,
    )
    return _build_response(await client.get_async_httpx_client().request(**kwargs))


def sync(
    *,
    client: AuthenticatedClient,
    body: FloodRulesRequest,
    idempotency_key: None | str | Unset = UNSET,
) -> Positioned:
    """Set the flood rules

    A user who sends many near-equal texts within a short time is silenced for some time, or
    flagged. Texts are near-equal if they are equal in their folded form without digits,
    punctuation and symbols. What follows the log applies the rules within a second, to messages
    that are sent from now on; imported messages do not count.

    Args:
        idempotency_key (None | str | Unset):
        body (FloodRulesRequest): What counts as flooding. These rules replace the earlier
            ones.
    """
    return sync_detailed(
        client=client,
        body=body,
        idempotency_key=idempotency_key,
    ).parsed


async def asyncio(
    *,
    client: AuthenticatedClient,
    body: FloodRulesRequest,
    idempotency_key: None | str | Unset = UNSET,
) -> Positioned:
    """Calls as `sync` does, without blocking."""
    return (
        await asyncio_detailed(
            client=client,
            body=body,
            idempotency_key=idempotency_key,
        )
    ).parsed
