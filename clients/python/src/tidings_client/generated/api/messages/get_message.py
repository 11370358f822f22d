from http import HTTPStatus
from typing import Any
from urllib.parse import quote

import httpx

from ... import errors
from ...client import AuthenticatedClient
from ...models.audio_message import AudioMessage
from ...models.control_message import ControlMessage
from ...models.custom_message import CustomMessage
from ...models.file_message import FileMessage
from ...models.get_message_reactions import GetMessageReactions
from ...models.image_message import ImageMessage
from ...models.location_message import LocationMessage
from ...models.text_message import TextMessage
from ...models.video_message import VideoMessage
from ...types import UNSET, Response, Unset


def _get_kwargs(
    id: str,
    seq: int,
    *,
    reactions: GetMessageReactions | Unset = UNSET,
    as_of: str | Unset = UNSET,
    as_user: str | Unset = UNSET,
    min_position: str | Unset = UNSET,
) -> dict[str, Any]:

    params: dict[str, Any] = {}

    json_reactions: str | Unset = UNSET
    if not isinstance(reactions, Unset):
        json_reactions = reactions.value

    params["reactions"] = json_reactions

    params["as_of"] = as_of

    params["as_user"] = as_user

    params["min_position"] = min_position

    params = {k: v for k, v in params.items() if v is not UNSET and v is not None}

    _kwargs: dict[str, Any] = {
        "method": "get",
        "url": "/v1/conversations/{id}/messages/{seq}".format(
            id=quote(str(id), safe=""),
            seq=quote(str(seq), safe=""),
        ),
        "params": params,
    }

    return _kwargs


def _parse_response(
    response: httpx.Response,
) -> (
    AudioMessage
    | ControlMessage
    | CustomMessage
    | FileMessage
    | ImageMessage
    | LocationMessage
    | TextMessage
    | VideoMessage
):
    if response.status_code == 200:

        def _parse_response_200(
            data: object,
        ) -> (
            AudioMessage
            | ControlMessage
            | CustomMessage
            | FileMessage
            | ImageMessage
            | LocationMessage
            | TextMessage
            | VideoMessage
        ):
            try:
                if not isinstance(data, dict):
                    raise TypeError()
                componentsschemas_message_type_0 = TextMessage.from_dict(data)

                return componentsschemas_message_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            try:
                if not isinstance(data, dict):
                    raise TypeError()
                componentsschemas_message_type_1 = ImageMessage.from_dict(data)

                return componentsschemas_message_type_1
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            try:
                if not isinstance(data, dict):
                    raise TypeError()
                componentsschemas_message_type_2 = FileMessage.from_dict(data)

                return componentsschemas_message_type_2
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            try:
                if not isinstance(data, dict):
                    raise TypeError()
                componentsschemas_message_type_3 = AudioMessage.from_dict(data)

                return componentsschemas_message_type_3
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            try:
                if not isinstance(data, dict):
                    raise TypeError()
                componentsschemas_message_type_4 = VideoMessage.from_dict(data)

                return componentsschemas_message_type_4
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            try:
                if not isinstance(data, dict):
                    raise TypeError()
                componentsschemas_message_type_5 = LocationMessage.from_dict(data)

                return componentsschemas_message_type_5
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            try:
                if not isinstance(data, dict):
                    raise TypeError()
                componentsschemas_message_type_6 = CustomMessage.from_dict(data)

                return componentsschemas_message_type_6
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            if not isinstance(data, dict):
                raise TypeError()
            componentsschemas_message_type_7 = ControlMessage.from_dict(data)

            return componentsschemas_message_type_7

        response_200 = _parse_response_200(response.json())

        return response_200

    raise errors.UnexpectedStatus(response.status_code, response.content)


def _build_response(
    response: httpx.Response,
) -> Response[
    AudioMessage
    | ControlMessage
    | CustomMessage
    | FileMessage
    | ImageMessage
    | LocationMessage
    | TextMessage
    | VideoMessage
]:
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
    reactions: GetMessageReactions | Unset = UNSET,
    as_of: str | Unset = UNSET,
    as_user: str | Unset = UNSET,
    min_position: str | Unset = UNSET,
) -> Response[
    AudioMessage
    | ControlMessage
    | CustomMessage
    | FileMessage
    | ImageMessage
    | LocationMessage
    | TextMessage
    | VideoMessage
]:
    """Calls as `sync` does, and returns the status and the headers too."""
    kwargs = _get_kwargs(
        id=id,
        seq=seq,
        reactions=reactions,
        as_of=as_of,
        as_user=as_user,
        min_position=min_position,
    )
    return _build_response(client.get_httpx_client().request(**kwargs))


async def asyncio_detailed(
    id: str,
    seq: int,
    *,
    client: AuthenticatedClient,
    reactions: GetMessageReactions | Unset = UNSET,
    as_of: str | Unset = UNSET,
    as_user: str | Unset = UNSET,
    min_position: str | Unset = UNSET,
) -> Response[
    AudioMessage
    | ControlMessage
    | CustomMessage
    | FileMessage
    | ImageMessage
    | LocationMessage
    | TextMessage
    | VideoMessage
]:
    """Calls as `asyncio` does, and returns the status and the headers too."""
    kwargs = _get_kwargs(
        id=id,
        seq=seq,
        reactions=reactions,
        as_of=as_of,
        as_user=as_user,
        min_position=min_position,
    )
    return _build_response(await client.get_async_httpx_client().request(**kwargs))


def sync(
    id: str,
    seq: int,
    *,
    client: AuthenticatedClient,
    reactions: GetMessageReactions | Unset = UNSET,
    as_of: str | Unset = UNSET,
    as_user: str | Unset = UNSET,
    min_position: str | Unset = UNSET,
) -> (
    AudioMessage
    | ControlMessage
    | CustomMessage
    | FileMessage
    | ImageMessage
    | LocationMessage
    | TextMessage
    | VideoMessage
):
    """Returns one message in its current state.

    Args:
        id (str):
        seq (int):
        reactions (GetMessageReactions | Unset): How a response shows reactions, other than
            with lists of users.
        as_of (str | Unset):
        as_user (str | Unset):
        min_position (str | Unset):
    """
    return sync_detailed(
        id=id,
        seq=seq,
        client=client,
        reactions=reactions,
        as_of=as_of,
        as_user=as_user,
        min_position=min_position,
    ).parsed


async def asyncio(
    id: str,
    seq: int,
    *,
    client: AuthenticatedClient,
    reactions: GetMessageReactions | Unset = UNSET,
    as_of: str | Unset = UNSET,
    as_user: str | Unset = UNSET,
    min_position: str | Unset = UNSET,
) -> (
    AudioMessage
    | ControlMessage
    | CustomMessage
    | FileMessage
    | ImageMessage
    | LocationMessage
    | TextMessage
    | VideoMessage
):
    """Calls as `sync` does, without blocking."""
    return (
        await asyncio_detailed(
            id=id,
            seq=seq,
            client=client,
            reactions=reactions,
            as_of=as_of,
            as_user=as_user,
            min_position=min_position,
        )
    ).parsed
