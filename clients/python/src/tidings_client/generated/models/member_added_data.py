from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..models.role import Role
from ..types import UNSET, Unset

if TYPE_CHECKING:
    from ..models.joined_conversation import JoinedConversation


T = TypeVar("T", bound="MemberAddedData")


@_attrs_define
class MemberAddedData:
    """The data of `member_added`.

    Attributes:
        by (str): The user who did it.
        role (Role): The role of a member, in ascending order of permissions.
        user (str): The member.
        conversation (JoinedConversation | Unset): A conversation that the recipient of the entry has joined, in its
            current state.
    """

    by: str
    role: Role
    user: str
    conversation: JoinedConversation | Unset = UNSET
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        by = self.by

        role = self.role.value

        user = self.user

        conversation: dict[str, Any] | Unset = UNSET
        if not isinstance(self.conversation, Unset):
            conversation = self.conversation.to_dict()

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "by": by,
                "role": role,
                "user": user,
            }
        )
        if conversation is not UNSET:
            field_dict["conversation"] = conversation

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.joined_conversation import JoinedConversation  # noqa: PLC0415

        d = dict(src_dict)
        by = d.pop("by")

        role = Role(d.pop("role"))

        user = d.pop("user")

        _conversation = d.pop("conversation", UNSET)
        conversation: JoinedConversation | Unset
        if isinstance(_conversation, Unset):
            conversation = UNSET
        else:
            conversation = JoinedConversation.from_dict(_conversation)

        member_added_data = cls(
            by=by,
            role=role,
            user=user,
            conversation=conversation,
        )

        member_added_data.additional_properties = d
        return member_added_data

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
