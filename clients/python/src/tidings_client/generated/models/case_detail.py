from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..models.case_kind import CaseKind
from ..models.case_state import CaseState
from ..types import UNSET, Unset

if TYPE_CHECKING:
    from ..models.audio_message import AudioMessage
    from ..models.case_act import CaseAct
    from ..models.case_target import CaseTarget
    from ..models.control_message import ControlMessage
    from ..models.custom_message import CustomMessage
    from ..models.file_message import FileMessage
    from ..models.image_message import ImageMessage
    from ..models.location_message import LocationMessage
    from ..models.text_message import TextMessage
    from ..models.video_message import VideoMessage


T = TypeVar("T", bound="CaseDetail")


@_attrs_define
class CaseDetail:
    """A case with what moderators need to decide.

    Attributes:
        acts (list[CaseAct]): What happened, oldest first: the events of the case.
        context (list[AudioMessage | ControlMessage | CustomMessage | FileMessage | ImageMessage | LocationMessage |
            TextMessage | VideoMessage]): The message that the case is about, with the five before and the five after it, as
            they are
            now: the body of a recalled or erased message is null. Only those that the caller can see;
            empty if the case is about something else.
        excerpt (None | str): The beginning of the text, up to 200 characters: of the message, of the title, or the name
            of the user. Null if there is none, or none that the caller can see.
        id (str): The id.
        kind (CaseKind): Why a case was opened.
        opened_at (datetime.datetime): When it was opened last.
        reports (int): How many users have reported it.
        state (CaseState): Whether a case is open.
        target (CaseTarget): What a case is about: a message, the title of a conversation, a user, or a message that is
            held.
        truncated (bool | Unset): True if the case has more than 1,000 acts, of which `acts` has the newest; absent
            otherwise.
    """

    acts: list[CaseAct]
    context: list[
        AudioMessage
        | ControlMessage
        | CustomMessage
        | FileMessage
        | ImageMessage
        | LocationMessage
        | TextMessage
        | VideoMessage
    ]
    excerpt: None | str
    id: str
    kind: CaseKind
    opened_at: datetime.datetime
    reports: int
    state: CaseState
    target: CaseTarget
    truncated: bool | Unset = UNSET
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        from ..models.audio_message import AudioMessage  # noqa: PLC0415
        from ..models.custom_message import CustomMessage  # noqa: PLC0415
        from ..models.file_message import FileMessage  # noqa: PLC0415
        from ..models.image_message import ImageMessage  # noqa: PLC0415
        from ..models.location_message import LocationMessage  # noqa: PLC0415
        from ..models.text_message import TextMessage  # noqa: PLC0415
        from ..models.video_message import VideoMessage  # noqa: PLC0415

        acts = []
        for acts_item_data in self.acts:
            acts_item = acts_item_data.to_dict()
            acts.append(acts_item)

        context = []
        for context_item_data in self.context:
            context_item: dict[str, Any]
            if isinstance(context_item_data, TextMessage):
                context_item = context_item_data.to_dict()
            elif isinstance(context_item_data, ImageMessage):
                context_item = context_item_data.to_dict()
            elif isinstance(context_item_data, FileMessage):
                context_item = context_item_data.to_dict()
            elif isinstance(context_item_data, AudioMessage):
                context_item = context_item_data.to_dict()
            elif isinstance(context_item_data, VideoMessage):
                context_item = context_item_data.to_dict()
            elif isinstance(context_item_data, LocationMessage):
                context_item = context_item_data.to_dict()
            elif isinstance(context_item_data, CustomMessage):
                context_item = context_item_data.to_dict()
            else:
                context_item = context_item_data.to_dict()

            context.append(context_item)

        excerpt: None | str
        excerpt = self.excerpt

        id = self.id

        kind = self.kind.value

        opened_at = self.opened_at.isoformat()

        reports = self.reports

        state = self.state.value

        target = self.target.to_dict()

        truncated = self.truncated

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "acts": acts,
                "context": context,
                "excerpt": excerpt,
                "id": id,
                "kind": kind,
                "opened_at": opened_at,
                "reports": reports,
                "state": state,
                "target": target,
            }
        )
        if truncated is not UNSET:
            field_dict["truncated"] = truncated

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.audio_message import AudioMessage  # noqa: PLC0415
        from ..models.case_act import CaseAct  # noqa: PLC0415
        from ..models.case_target import CaseTarget  # noqa: PLC0415
        from ..models.control_message import ControlMessage  # noqa: PLC0415
        from ..models.custom_message import CustomMessage  # noqa: PLC0415
        from ..models.file_message import FileMessage  # noqa: PLC0415
        from ..models.image_message import ImageMessage  # noqa: PLC0415
        from ..models.location_message import LocationMessage  # noqa: PLC0415
        from ..models.text_message import TextMessage  # noqa: PLC0415
        from ..models.video_message import VideoMessage  # noqa: PLC0415

        d = dict(src_dict)
        acts = []
        _acts = d.pop("acts")
        for acts_item_data in _acts:
            acts_item = CaseAct.from_dict(acts_item_data)

            acts.append(acts_item)

        context = []
        _context = d.pop("context")
        for context_item_data in _context:

            def _parse_context_item(
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

            context_item = _parse_context_item(context_item_data)

            context.append(context_item)

        def _parse_excerpt(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        excerpt = _parse_excerpt(d.pop("excerpt"))

        id = d.pop("id")

        kind = CaseKind(d.pop("kind"))

        opened_at = datetime.datetime.fromisoformat(d.pop("opened_at"))

        reports = d.pop("reports")

        state = CaseState(d.pop("state"))

        target = CaseTarget.from_dict(d.pop("target"))

        truncated = d.pop("truncated", UNSET)

        case_detail = cls(
            acts=acts,
            context=context,
            excerpt=excerpt,
            id=id,
            kind=kind,
            opened_at=opened_at,
            reports=reports,
            state=state,
            target=target,
            truncated=truncated,
        )

        case_detail.additional_properties = d
        return case_detail

    @property
    def additional_keys(self) -> list[str]:
        return list(self.additional_properties.keys())

    def __getitem__(self, key: str) -> Any:
        return self.additional_properties[key]

    def __setitem__(self, key: str, value: Any) -> None:
        self.additional_properties[key] = value

    def __delitem__(self, key: str) -> None:
        del self.additional_properties[key]

    def __contains__(self, key: str) -> bool:
        return key in self.additional_properties
