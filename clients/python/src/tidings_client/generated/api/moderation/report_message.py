from http import HTTPStatus
from typing import Any
from urllib.parse import quote

import httpx

from ... import errors
from ...client import AuthenticatedClient
from ...models.report_answer import ReportAnswer
from ...models.report_request import ReportRequest
from ...types import UNSET, Response, Unset


def _get_kwargs(
    id: str,
    seq: int,
    *,
    body: ReportRequest,
    idempotency_key: None | str | Unset = UNSET,
) -> dict[str, Any]:
    headers: dict[str, Any] = {}
    if not isinstance(idempotency_key, Unset):
        headers["Idempotency-Key"] = idempotency_key

    _kwargs: dict[str, Any] = {
        "method": "post",
        "url": "/v1/conversations/{id}/messages/{seq}/reports".format(
            id=quote(str(id), safe=""),
            seq=quote(str(seq), safe=""),
        ),
    }

    _kwargs["json"] = body.to_dict()

    headers["Content-Type"] = "application/json"

    _kwargs["headers"] = headers
    return _kwargs


def _parse_response(response: httpx.Response) -> ReportAnswer:
    if response.status_code == 200:
        response_200 = ReportAnswer.from_dict(response.json())

        return response_200

    if response.status_code == 201:
        response_201 = ReportAnswer.from_dict(response.json())

        return response_201

    raise errors.UnexpectedStatus(response.status_code, response.content)


def _build_response(response: httpx.Response) -> Response[ReportAnswer]:
    return Response(
        status_code=HTTPStatus(response.status_code),
        content=response.content,
        headers=response.headers,
        parsed=_parse_response(response),
    )


def sync_detailed(
    id: str,
    seq: int,
    *,
    client: AuthenticatedClient,
    body: ReportRequest,
    idempotency_key: None | str | Unset = UNSET,
) -> Response[ReportAnswer]:
    """Calls as `sync` does, and returns the status and the headers too."""
    kwargs = _get_kwargs(
        id=id,
        seq=seq,
        body=body,
        idempotency_key=idempotency_key,
    )
    return _build_response(client.get_httpx_client().request(**kwargs))


async def asyncio_detailed(
    id: str,
    seq: int,
    *,
    client: AuthenticatedClient,
    body: ReportRequest,
    idempotency_key: None | str | Unset = UNSET,
) -> Response[ReportAnswer]:
    """Calls as `asyncio` does, and returns the status and the headers too."""
    kwargs = _get_kwargs(
        id=id,
        seq=seq,
        body=body,
        idempotency_key=idempotency_key,
    )
    return _build_response(await client.get_async_httpx_client().request(**kwargs))


def sync(
    id: str,
    seq: int,
    *,
    client: AuthenticatedClient,
    body: ReportRequest,
    idempotency_key: None | str | Unset = UNSET,
) -> ReportAnswer:
    """Report a message

    Opens a case for moderators and, in a group, its owner and admins. Reports of the same message
    gather in one case. Its author and the other members do not learn of it. A second report by the
    same user changes nothing and answers 200.

    Args:
        id (str):
        seq (int):
        idempotency_key (None | str | Unset):
        body (ReportRequest): A report.
    """
    return sync_detailed(
        id=id,
        seq=seq,
        client=client,
        body=body,
        idempotency_key=idempotency_key,
    ).parsed


async def asyncio(
    id: str,
    seq: int,
    *,
    client: AuthenticatedClient,
    body: ReportRequest,
    idempotency_key: None | str | Unset = UNSET,
) -> ReportAnswer:
    """Calls as `sync` does, without blocking."""
    return (
        await asyncio_detailed(
            id=id,
            seq=seq,
            client=client,
            body=body,
            idempotency_key=idempotency_key,
        )
    ).parsed
