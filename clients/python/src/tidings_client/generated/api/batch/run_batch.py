from http import HTTPStatus
from typing import Any

import httpx

from ... import errors
from ...client import AuthenticatedClient
from ...models.batch_ack import BatchAck
from ...models.batch_answer import BatchAnswer
from ...models.batch_edit import BatchEdit
from ...models.batch_react import BatchReact
from ...models.batch_read import BatchRead
from ...models.batch_recall import BatchRecall
from ...models.batch_send import BatchSend
from ...models.batch_unreact import BatchUnreact
from ...types import Response


def _get_kwargs(
    *,
    body: list[
        BatchAck | BatchEdit | BatchReact | BatchRead | BatchRecall | BatchSend | BatchUnreact
    ],
) -> dict[str, Any]:
    headers: dict[str, Any] = {}

    _kwargs: dict[str, Any] = {
        "method": "post",
        "url": "/v1/batch",
    }

    _kwargs["json"] = []
    for body_item_data in body:
        body_item: dict[str, Any]
        if isinstance(body_item_data, BatchSend):
            body_item = body_item_data.to_dict()
        elif isinstance(body_item_data, BatchEdit):
            body_item = body_item_data.to_dict()
        elif isinstance(body_item_data, BatchRecall):
            body_item = body_item_data.to_dict()
        elif isinstance(body_item_data, BatchReact):
            body_item = body_item_data.to_dict()
        elif isinstance(body_item_data, BatchUnreact):
            body_item = body_item_data.to_dict()
        elif isinstance(body_item_data, BatchRead):
            body_item = body_item_data.to_dict()
        else:
            body_item = body_item_data.to_dict()

        _kwargs["json"].append(body_item)

    headers["Content-Type"] = "application/json"

    _kwargs["headers"] = headers
    return _kwargs


def _parse_response(response: httpx.Response) -> list[BatchAnswer]:
    if response.status_code == 200:
        response_200 = []
        _response_200 = response.json()
        for response_200_item_data in _response_200:
            response_200_item = BatchAnswer.from_dict(response_200_item_data)

            response_200.append(response_200_item)

        return response_200

    raise errors.UnexpectedStatus(response.status_code, response.content)


def _build_response(response: httpx.Response) -> Response[list[BatchAnswer]]:
    return Response(
        status_code=HTTPStatus(response.status_code),
        content=response.content,
        headers=response.headers,
        parsed=_parse_response(response),
    )


def sync_detailed(
    *,
    client: AuthenticatedClient,
    body: list[
        BatchAck | BatchEdit | BatchReact | BatchRead | BatchRecall | BatchSend | BatchUnreact
    ],
) -> Response[list[BatchAnswer]]:
    """Calls as `sync` does, and returns the status and the headers too."""
    kwargs = _get_kwargs(
        body=body,
    )
    return _build_response(client.get_httpx_client().request(**kwargs))


async def asyncio_detailed(
    *,
    client: AuthenticatedClient,
    body: list[
        BatchAck | BatchEdit | BatchReact | BatchRead | BatchRecall | BatchSend | BatchUnreact
    ],
) -> Response[list[BatchAnswer]]:
    """Calls as `asyncio` does, and returns the status and the headers too."""
    kwargs = _get_kwargs(
        body=body,
    )
    return _build_response(await client.get_async_httpx_client().request(**kwargs))


def sync(
    *,
    client: AuthenticatedClient,
    body: list[
        BatchAck | BatchEdit | BatchReact | BatchRead | BatchRecall | BatchSend | BatchUnreact
    ],
) -> list[BatchAnswer]:
    """Execute many commands

    NDJSON, one command per line, at most 1,000 lines and 8 MiB; blank lines are skipped. The
    response has one line per command, in the same order: a `status` and the fields of that
    command's response, or a problem document. A line that fails does not stop the others. Lines for
    the same conversation are executed in order. Each line counts as one command for the rate limit.
    With `application/json`, the commands are the elements of an array, and so are their responses.

    Args:
        body (list[BatchAck | BatchEdit | BatchReact | BatchRead | BatchRecall | BatchSend |
            BatchUnreact]):
    """
    return sync_detailed(
        client=client,
        body=body,
    ).parsed


async def asyncio(
    *,
    client: AuthenticatedClient,
    body: list[
        BatchAck | BatchEdit | BatchReact | BatchRead | BatchRecall | BatchSend | BatchUnreact
    ],
) -> list[BatchAnswer]:
    """Calls as `sync` does, without blocking."""
    return (
        await asyncio_detailed(
            client=client,
            body=body,
        )
    ).parsed
