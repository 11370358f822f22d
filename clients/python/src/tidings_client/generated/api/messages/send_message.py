from http import HTTPStatus
from typing import Any
from urllib.parse import quote

import httpx

from ... import errors
from ...client import AuthenticatedClient
from ...models.held import Held
from ...models.scheduled import Scheduled
from ...models.send_audio_request import SendAudioRequest
from ...models.send_control_request import SendControlRequest
from ...models.send_custom_request import SendCustomRequest
from ...models.send_file_request import SendFileRequest
from ...models.send_image_request import SendImageRequest
from ...models.send_location_request import SendLocationRequest
from ...models.send_text_request import SendTextRequest
from ...models.send_video_request import SendVideoRequest
from ...models.sent import Sent
from ...types import Response


def _get_kwargs(
    id: str,
    *,
    body: SendAudioRequest
    | SendControlRequest
    | SendCustomRequest
    | SendFileRequest
    | SendImageRequest
    | SendLocationRequest
    | SendTextRequest
    | SendVideoRequest,
) -> dict[str, Any]:
    headers: dict[str, Any] = {}

    _kwargs: dict[str, Any] = {
        "method": "post",
        "url": "/v1/conversations/{id}/messages".format(
            id=quote(str(id), safe=""),
        ),
    }

    if isinstance(body, SendTextRequest):
        _kwargs["json"] = body.to_dict()
    elif isinstance(body, SendImageRequest):
        _kwargs["json"] = body.to_dict()
    elif isinstance(body, SendFileRequest):
        _kwargs["json"] = body.to_dict()
    elif isinstance(body, SendAudioRequest):
        _kwargs["json"] = body.to_dict()
    elif isinstance(body, SendVideoRequest):
        _kwargs["json"] = body.to_dict()
    elif isinstance(body, SendLocationRequest):
        _kwargs["json"] = body.to_dict()
    elif isinstance(body, SendCustomRequest):
        _kwargs["json"] = body.to_dict()
    else:
        _kwargs["json"] = body.to_dict()

    headers["Content-Type"] = "application/json"

    _kwargs["headers"] = headers
    return _kwargs


def _parse_response(response: httpx.Response) -> Held | Scheduled | Sent:
    if response.status_code == 200:
        response_200 = Sent.from_dict(response.json())

        return response_200

    if response.status_code == 201:
        response_201 = Sent.from_dict(response.json())

        return response_201

    if response.status_code == 202:

        def _parse_response_202(data: object) -> Held | Scheduled:
            try:
                if not isinstance(data, dict):
                    raise TypeError()
                componentsschemas_accepted_send_type_0 = Scheduled.from_dict(data)

                return componentsschemas_accepted_send_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            if not isinstance(data, dict):
                raise TypeError()
            componentsschemas_accepted_send_type_1 = Held.from_dict(data)

            return componentsschemas_accepted_send_type_1

        response_202 = _parse_response_202(response.json())

        return response_202

    raise errors.UnexpectedStatus(response.status_code, response.content)


def _build_response(response: httpx.Response) -> Response[Held | Scheduled | Sent]:
    return Response(
        status_code=HTTPStatus(response.status_code),
        content=response.content,
        headers=response.headers,
        parsed=_parse_response(response),
    )


def sync_detailed(
    id: str,
    *,
    client: AuthenticatedClient,
    body: SendAudioRequest
    | SendControlRequest
    | SendCustomRequest
    | SendFileRequest
    | SendImageRequest
    | SendLocationRequest
    | SendTextRequest
    | SendVideoRequest,
) -> Response[Held | Scheduled | Sent]:
    """Calls as `sync` does, and returns the status and the headers too."""
    kwargs = _get_kwargs(
        id=id,
        body=body,
    )
    return _build_response(client.get_httpx_client().request(**kwargs))


async def asyncio_detailed(
    id: str,
    *,
    client: AuthenticatedClient,
    body: SendAudioRequest
    | SendControlRequest
    | SendCustomRequest
    | SendFileRequest
    | SendImageRequest
    | SendLocationRequest
    | SendTextRequest
    | SendVideoRequest,
) -> Response[Held | Scheduled | Sent]:
    """Calls as `asyncio` does, and returns the status and the headers too."""
    kwargs = _get_kwargs(
        id=id,
        body=body,
    )
    return _build_response(await client.get_async_httpx_client().request(**kwargs))


def sync(
    id: str,
    *,
    client: AuthenticatedClient,
    body: SendAudioRequest
    | SendControlRequest
    | SendCustomRequest
    | SendFileRequest
    | SendImageRequest
    | SendLocationRequest
    | SendTextRequest
    | SendVideoRequest,
) -> Held | Scheduled | Sent:
    """Send a message

    With `send_at`, the message is scheduled: see `GET /v1/scheduled`. If the hook holds the
    message, the response is that of a held message, also when it is repeated: see `GET /v1/held`.

    Repeating a send with the same `client_message_id` and payload returns the first response, with
    status 200 and the header `Idempotent-Replay: true`. Sending moves the sender's own read mark to
    the message.

    Args:
        id (str):
        body (SendAudioRequest | SendControlRequest | SendCustomRequest | SendFileRequest |
            SendImageRequest | SendLocationRequest | SendTextRequest | SendVideoRequest): The
            message to send.
    """
    return sync_detailed(
        id=id,
        client=client,
        body=body,
    ).parsed


async def asyncio(
    id: str,
    *,
    client: AuthenticatedClient,
    body: SendAudioRequest
    | SendControlRequest
    | SendCustomRequest
    | SendFileRequest
    | SendImageRequest
    | SendLocationRequest
    | SendTextRequest
    | SendVideoRequest,
) -> Held | Scheduled | Sent:
    """Calls as `sync` does, without blocking."""
    return (
        await asyncio_detailed(
            id=id,
            client=client,
            body=body,
        )
    ).parsed
