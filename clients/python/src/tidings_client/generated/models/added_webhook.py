from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

from attrs import define as _attrs_define
from attrs import field as _attrs_field

T = TypeVar("T", bound="AddedWebhook")


@_attrs_define
class AddedWebhook:
    """The webhook that was added.

    Attributes:
        delivers_after (int): Deliveries begin after this log position.
        id (int):
        position (int): The head position of the log.
        secret (str): The secret that signs its deliveries. It is not shown again.
    """

    delivers_after: int
    id: int
    position: int
    secret: str
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        delivers_after = self.delivers_after

        id = self.id

        position = self.position

        secret = self.secret

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "delivers_after": delivers_after,
                "id": id,
                "position": position,
                "secret": secret,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        delivers_after = d.pop("delivers_after")

        id = d.pop("id")

        position = d.pop("position")

        secret = d.pop("secret")

        added_webhook = cls(
            delivers_after=delivers_after,
            id=id,
            position=position,
            secret=secret,
        )

        added_webhook.additional_properties = d
        return added_webhook

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
