from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

T = TypeVar("T", bound="Receipts")


@_attrs_define
class Receipts:
    """The receipts of a message. They cover the users who were members when it was sent and are
    members now, except the sender.

        Attributes:
            delivered (list[str]): The users of this page who have the message on a device or have read it, in the order of
                joining.
            delivered_count (int): The number of users to whom the message was delivered, on all pages.
            member_count (int): The same number, under the name of an earlier release. It is not the `member_count` of the
                conversation.
            next_ (None | str): The cursor of the next page; null at the end.
            read (list[str]): Those of them who have read it, as far as they show it to the caller.
            read_count (int): The number of users who have read it, on all pages.
            recipient_count (int): The number of users that the receipts cover: members of the conversation, without the
                sender.
            truncated (bool | Unset): True if the lists were cut, and `next` leads to the other users; absent otherwise.
    """

    delivered: list[str]
    delivered_count: int
    member_count: int
    next_: None | str
    read: list[str]
    read_count: int
    recipient_count: int
    truncated: bool | Unset = UNSET
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        delivered = self.delivered

        delivered_count = self.delivered_count

        member_count = self.member_count

        next_: None | str
        next_ = self.next_

        read = self.read

        read_count = self.read_count

        recipient_count = self.recipient_count

        truncated = self.truncated

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "delivered": delivered,
                "delivered_count": delivered_count,
                "member_count": member_count,
                "next": next_,
                "read": read,
                "read_count": read_count,
                "recipient_count": recipient_count,
            }
        )
        if truncated is not UNSET:
            field_dict["truncated"] = truncated

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        delivered = cast(list[str], d.pop("delivered"))

        delivered_count = d.pop("delivered_count")

        member_count = d.pop("member_count")

        def _parse_next_(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        next_ = _parse_next_(d.pop("next"))

        read = cast(list[str], d.pop("read"))

        read_count = d.pop("read_count")

        recipient_count = d.pop("recipient_count")

        truncated = d.pop("truncated", UNSET)

        receipts = cls(
            delivered=delivered,
            delivered_count=delivered_count,
            member_count=member_count,
            next_=next_,
            read=read,
            read_count=read_count,
            recipient_count=recipient_count,
            truncated=truncated,
        )

        receipts.additional_properties = d
        return receipts

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
