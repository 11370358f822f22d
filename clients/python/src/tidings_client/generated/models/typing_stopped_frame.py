from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..models.typing_stopped_frame_type import TypingStoppedFrameType

T = TypeVar("T", bound="TypingStoppedFrame")


@_attrs_define
class TypingStoppedFrame:
    """A member is no longer typing.

    Attributes:
        conversation_id (str): The conversation.
        type_ (TypingStoppedFrameType):
        user (str): The member.
    """

    conversation_id: str
    type_: TypingStoppedFrameType
    user: str
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        conversation_id = self.conversation_id

        type_ = self.type_.value

        user = self.user

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "conversation_id": conversation_id,
                "type": type_,
                "user": user,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        conversation_id = d.pop("conversation_id")

        type_ = TypingStoppedFrameType(d.pop("type"))

        user = d.pop("user")

        typing_stopped_frame = cls(
            conversation_id=conversation_id,
            type_=type_,
            user=user,
        )

        typing_stopped_frame.additional_properties = d
        return typing_stopped_frame

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
