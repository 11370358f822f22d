from http import HTTPStatus
from typing import Any

import httpx

from ... import errors
from ...client import AuthenticatedClient
from ...models.erasure_answer import ErasureAnswer
from ...models.erasure_request import ErasureRequest
from ...types import Response


def _get_kwargs(
    *,
    body: ErasureRequest,
) -> dict[str, Any]:
    headers: dict[str, Any] = {}

    _kwargs: dict[str, Any] = {
        "method": "post",
        "url": "/v1/admin/erasures",
    }

    _kwargs["json"] = body.to_dict()

    headers["Content-Type"] = "application/json"

    _kwargs["headers"] = headers
    return _kwargs


def _parse_response(response: httpx.Response) -> ErasureAnswer:
    if response.status_code == 200:
        response_200 = ErasureAnswer.from_dict(response.json())

        return response_200

    raise errors.UnexpectedStatus(response.status_code, response.content)


def _build_response(response: httpx.Response) -> Response[ErasureAnswer]:
    return Response(
        status_code=HTTPStatus(response.status_code),
        content=response.content,
        headers=response.headers,
        parsed=_parse_response(response),
    )


def sync_detailed(
    *,
    client: AuthenticatedClient,
    body: ErasureRequest,
) -> Response[ErasureAnswer]:
    """Calls as `sync` does, and returns the status and the headers too."""
    kwargs = _get_kwargs(
        body=body,
    )
    return _build_response(client.get_httpx_client().request(**kwargs))


async def asyncio_detailed(
    *,
    client: AuthenticatedClient,
    body: ErasureRequest,
) -> Response[ErasureAnswer]:
    """Calls as `asyncio` does, and returns the status and the headers too."""
    kwargs = _get_kwargs(
        body=body,
    )
    return _build_response(await client.get_async_httpx_client().request(**kwargs))


def sync(
    *,
    client: AuthenticatedClient,
    body: ErasureRequest,
) -> ErasureAnswer:
    """Permanently erase content

    Erases one message, a whole conversation, or everything that a user has sent, with their
    profile, the notes with their requests and reports, and scheduled messages. Bodies, earlier
    versions, mentions, titles, profiles and notes are erased permanently: immediately for all
    readers, within seconds from the log and the stream, and from the files on
    disk by `tidings erase files`. Positions, seqs and seals do not change; an erased message looks
    like a recalled one. One request erases about 5,000 messages: if the response has `next`, repeat
    the request with it as `from`. Repeating a request for erased content changes nothing. If a
    legal hold covers any of it, the request erases nothing and answers 409 `held`.

    Unknown fields are refused even with `Prefer: handling=lenient`: without a misspelt `seq`, the
    request would erase the whole conversation.

    Args:
        body (ErasureRequest): What to erase: one message, a conversation, or everything
            that a user has sent.
    """
    return sync_detailed(
        client=client,
        body=body,
    ).parsed


async def asyncio(
    *,
    client: AuthenticatedClient,
    body: ErasureRequest,
) -> ErasureAnswer:
    """Calls as `sync` does, without blocking."""
    return (
        await asyncio_detailed(
            client=client,
            body=body,
        )
    ).parsed
