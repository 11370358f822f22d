from http import HTTPStatus
from typing import Any

import httpx

from ... import errors
from ...client import AuthenticatedClient
from ...models.edited import Edited
from ...models.profile_request import ProfileRequest
from ...types import UNSET, Response, Unset


def _get_kwargs(
    *,
    body: ProfileRequest,
    idempotency_key: None | str | Unset = UNSET,
) -> dict[str, Any]:
    headers: dict[str, Any] = {}
    if not isinstance(idempotency_key, Unset):
        headers["Idempotency-Key"] = idempotency_key

    _kwargs: dict[str, Any] = {
        "method": "patch",
        "url": "/v1/users/me",
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
    *,
    client: AuthenticatedClient,
    body: ProfileRequest,
    idempotency_key: None | str | Unset = UNSET,
) -> Response[Edited]:
    """Calls as `sync` does, and returns the status and the headers too."""
    kwargs = _get_kwargs(
        body=body,
        idempotency_key=idempotency_key,
    )
    return _build_response(client.get_httpx_client().request(**kwargs))


async def asyncio_detailed(
    *,
    client: AuthenticatedClient,
    body: ProfileRequest,
    idempotency_key: None | str | Unset = UNSET,
) -> Response[Edited]:
    """Calls as `asyncio` does, and returns the status and the headers too."""
    kwargs = _get_kwargs(
        body=body,
        idempotency_key=idempotency_key,
    )
    return _build_response(await client.get_async_httpx_client().request(**kwargs))


def sync(
    *,
    client: AuthenticatedClient,
    body: ProfileRequest,
    idempotency_key: None | str | Unset = UNSET,
) -> Edited:
    """Change your profile

    What others see of the caller. Who may see a profile depends on the directory of the deployment,
    and they also see the file of its avatar. A file that is not stored, or is being deleted, cannot
    become an avatar (`422 file_not_ready`).

    Args:
        idempotency_key (None | str | Unset):
        body (ProfileRequest): What to change of the caller's profile. Omitted fields stay
            unchanged; null removes a value.
    """
    return sync_detailed(
        client=client,
        body=body,
        idempotency_key=idempotency_key,
    ).parsed


async def asyncio(
    *,
    client: AuthenticatedClient,
    body: ProfileRequest,
    idempotency_key: None | str | Unset = UNSET,
) -> Edited:
    """Calls as `sync` does, without blocking."""
    return (
        await asyncio_detailed(
            client=client,
            body=body,
            idempotency_key=idempotency_key,
        )
    ).parsed
