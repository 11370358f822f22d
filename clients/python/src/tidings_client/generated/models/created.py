from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..models.conversation_kind import ConversationKind
from ..types import UNSET, Unset

T = TypeVar("T", bound="Created")


@_attrs_define
class Created:
    """The conversation, created now or earlier.

    Attributes:
        added (list[str]): The other members, if it is new.
        id (str):
        invited (list[str]): The users who were invited to a new group, because they let only their contacts add them.
        kind (ConversationKind): `direct` is a conversation of two users that never changes; users can join and leave a
            `group`;
            in a conversation with a `desk`, a customer writes with the agents who have their sessions.
        position (int): The log position of the last event of its creation, or the head of the log if it already
            existed.
        masked (bool | Unset): Present and true if a word list has masked parts of the title.
    """

    added: list[str]
    id: str
    invited: list[str]
    kind: ConversationKind
    position: int
    masked: bool | Unset = UNSET
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        added = self.added

        id = self.id

        invited = self.invited

        kind = self.kind.value

        position = self.position

        masked = self.masked

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "added": added,
                "id": id,
                "invited": invited,
                "kind": kind,
                "position": position,
            }
        )
        if masked is not UNSET:
            field_dict["masked"] = masked

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        added = cast(list[str], d.pop("added"))

        id = d.pop("id")

        invited = cast(list[str], d.pop("invited"))

        kind = ConversationKind(d.pop("kind"))

        position = d.pop("position")

        masked = d.pop("masked", UNSET)

        created = cls(
            added=added,
            id=id,
            invited=invited,
            kind=kind,
            position=position,
            masked=masked,
        )

        created.additional_properties = d
        return created

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
