from http import HTTPStatus
from typing import Any
from urllib.parse import quote

import httpx

from ... import errors
from ...client import AuthenticatedClient
from ...models.positioned import Positioned
from ...models.word_list_request import WordListRequest
from ...types import UNSET, Response, Unset


def _get_kwargs(
    name: str,
    *,
    body: WordListRequest,
    idempotency_key: None | str | Unset = UNSET,
) -> dict[str, Any]:
    headers: dict[str, Any] = {}
    if not isinstance(idempotency_key, Unset):
        headers["Idempotency-Key"] = idempotency_key

    _kwargs: dict[str, Any] = {
        "method": "put",
        "url": "/v1/moderation/lists/{name}".format(
            name=quote(str(name), safe=""),
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
    name: str,
    *,
    client: AuthenticatedClient,
    body: WordListRequest,
    idempotency_key: None | str | Unset = UNSET,
) -> Response[Positioned]:
    """Calls as `sync` does, and returns the status and the headers too."""
    kwargs = _get_kwargs(
        name=name,
        body=body,
        idempotency_key=idempotency_key,
    )
    return _build_response(client.get_httpx_client().request(**kwargs))


async def asyncio_detailed(
    name: str,
    *,
    client: AuthenticatedClient,
    body: WordListRequest,
    idempotency_key: None | str | Unset = UNSET,
) -> Response[Positioned]:
    """Calls as `asyncio` does, and returns the status and the headers too."""
    kwargs = _get_kwargs(
        name=name,
        body=body,
        idempotency_key=idempotency_key,
    )
    return _build_response(await client.get_async_httpx_client().request(**kwargs))


def sync(
    name: str,
    *,
    client: AuthenticatedClient,
    body: WordListRequest,
    idempotency_key: None | str | Unset = UNSET,
) -> Positioned:
    """Set a word list

    Texts are compared after folding: case, width, accents, traditional and simplified Chinese,
    invisible characters and combining marks do not matter, nor do separators between single letters
    (`b a d`). A look-alike from another script is not folded. The list is checked on sending and
    editing, and for titles and display names. The body has at most 8 MiB. Every process applies the
    list within a second.

    Args:
        name (str):
        idempotency_key (None | str | Unset):
        body (WordListRequest): A word list.
    """
    return sync_detailed(
        name=name,
        client=client,
        body=body,
        idempotency_key=idempotency_key,
    ).parsed


async def asyncio(
    name: str,
    *,
    client: AuthenticatedClient,
    body: WordListRequest,
    idempotency_key: None | str | Unset = UNSET,
) -> Positioned:
    """Calls as `sync` does, without blocking."""
    return (
        await asyncio_detailed(
            name=name,
            client=client,
            body=body,
            idempotency_key=idempotency_key,
        )
    ).parsed
