from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

from attrs import define as _attrs_define
from attrs import field as _attrs_field

T = TypeVar("T", bound="JoinRequestEndedData")


@_attrs_define
class JoinRequestEndedData:
    """The data of `join_request_ended`.

    Attributes:
        id (str): The group.
        outcome (str): How it ended: `declined` or `withdrawn`. A user who is admitted becomes a member, and a
            banned one is banned: that has its own entry.
        user (str): The user who had asked to join.
    """

    id: str
    outcome: str
    user: str
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        id = self.id

        outcome = self.outcome

        user = self.user

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "id": id,
                "outcome": outcome,
                "user": user,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        id = d.pop("id")

        outcome = d.pop("outcome")

        user = d.pop("user")

        join_request_ended_data = cls(
            id=id,
            outcome=outcome,
            user=user,
        )

        join_request_ended_data.additional_properties = d
        return join_request_ended_data

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
