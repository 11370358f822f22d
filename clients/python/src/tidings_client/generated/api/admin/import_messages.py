from http import HTTPStatus
from typing import Any

import httpx

from ... import errors
from ...client import AuthenticatedClient
from ...models.import_answer import ImportAnswer
from ...models.import_line import ImportLine
from ...types import Response


def _get_kwargs(
    *,
    body: list[ImportLine],
) -> dict[str, Any]:
    headers: dict[str, Any] = {}

    _kwargs: dict[str, Any] = {
        "method": "post",
        "url": "/v1/admin/import",
    }

    _kwargs["json"] = []
    for body_item_data in body:
        body_item = body_item_data.to_dict()
        _kwargs["json"].append(body_item)

    headers["Content-Type"] = "application/json"

    _kwargs["headers"] = headers
    return _kwargs


def _parse_response(response: httpx.Response) -> list[ImportAnswer]:
    if response.status_code == 200:
        response_200 = []
        _response_200 = response.json()
        for response_200_item_data in _response_200:
            response_200_item = ImportAnswer.from_dict(response_200_item_data)

            response_200.append(response_200_item)

        return response_200

    raise errors.UnexpectedStatus(response.status_code, response.content)


def _build_response(response: httpx.Response) -> Response[list[ImportAnswer]]:
    return Response(
        status_code=HTTPStatus(response.status_code),
        content=response.content,
        headers=response.headers,
        parsed=_parse_response(response),
    )


def sync_detailed(
    *,
    client: AuthenticatedClient,
    body: list[ImportLine],
) -> Response[list[ImportAnswer]]:
    """Calls as `sync` does, and returns the status and the headers too."""
    kwargs = _get_kwargs(
        body=body,
    )
    return _build_response(client.get_httpx_client().request(**kwargs))


async def asyncio_detailed(
    *,
    client: AuthenticatedClient,
    body: list[ImportLine],
) -> Response[list[ImportAnswer]]:
    """Calls as `asyncio` does, and returns the status and the headers too."""
    kwargs = _get_kwargs(
        body=body,
    )
    return _build_response(await client.get_async_httpx_client().request(**kwargs))


def sync(
    *,
    client: AuthenticatedClient,
    body: list[ImportLine],
) -> list[ImportAnswer]:
    """Import messages from another system

    NDJSON, one message per line, at most 8 MiB; exempt from the rate limit. A conversation that
    does not exist is created as a group. A line is added only to a conversation that the same
    `source` made, by an earlier line: it is `rejected` if its conversation was made by a user or
    from another source. Users join with their first message or reaction. A line that was imported
    earlier, identified by its `id` or else by its `key`, is `known` and changes nothing, even if it
    now contains more. Fields that no line has are `ignored`, and the answer of the line names them.
    An invalid line is `rejected` with a reason and does not stop the others. New lines for the same
    conversation are imported together and in order. After a 503, repeat the same request.

    An edited message (`edited_at`, and `original` if the original text is known) is imported as a
    send followed by an edit; its `reactions` come after that. A line with `members` instead of a
    message adds these users at that point of the conversation. Users who join by an import have the
    time of their first message or reaction, or the `joined_at` of the line, as `joined_at`.

    With `application/json`, the lines are the elements of an array, and so are the responses.

    Args:
        body (list[ImportLine]):
    """
    return sync_detailed(
        client=client,
        body=body,
    ).parsed


async def asyncio(
    *,
    client: AuthenticatedClient,
    body: list[ImportLine],
) -> list[ImportAnswer]:
    """Calls as `sync` does, without blocking."""
    return (
        await asyncio_detailed(
            client=client,
            body=body,
        )
    ).parsed
