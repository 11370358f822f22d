from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

T = TypeVar("T", bound="CaseTarget")


@_attrs_define
class CaseTarget:
    """What a case is about: a message, the title of a conversation, a user, or a message that is held.

    Attributes:
        conversation_id (None | str): The conversation; null for a user.
        held_id (None | str): The id of the held message.
        seq (int | None): The seq of the message.
        type_ (str): `message`, `conversation`, `user` or `held`.
        user (None | str): The user: the sender of the message, the author of the title. Null if unknown.
    """

    conversation_id: None | str
    held_id: None | str
    seq: int | None
    type_: str
    user: None | str
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        conversation_id: None | str
        conversation_id = self.conversation_id

        held_id: None | str
        held_id = self.held_id

        seq: int | None
        seq = self.seq

        type_ = self.type_

        user: None | str
        user = self.user

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "conversation_id": conversation_id,
                "held_id": held_id,
                "seq": seq,
                "type": type_,
                "user": user,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)

        def _parse_conversation_id(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        conversation_id = _parse_conversation_id(d.pop("conversation_id"))

        def _parse_held_id(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        held_id = _parse_held_id(d.pop("held_id"))

        def _parse_seq(data: object) -> int | None:
            if data is None:
                return data
            return cast(int | None, data)

        seq = _parse_seq(d.pop("seq"))

        type_ = d.pop("type")

        def _parse_user(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        user = _parse_user(d.pop("user"))

        case_target = cls(
            conversation_id=conversation_id,
            held_id=held_id,
            seq=seq,
            type_=type_,
            user=user,
        )

        case_target.additional_properties = d
        return case_target

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
