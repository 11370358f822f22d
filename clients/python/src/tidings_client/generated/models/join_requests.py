from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

if TYPE_CHECKING:
    from ..models.pending_join_request import PendingJoinRequest


T = TypeVar("T", bound="JoinRequests")


@_attrs_define
class JoinRequests:
    """A page of join requests.

    Attributes:
        next_ (None | str): The cursor of the next page; null at the end.
        requests (list[PendingJoinRequest]): The requests, oldest first.
    """

    next_: None | str
    requests: list[PendingJoinRequest]
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        next_: None | str
        next_ = self.next_

        requests = []
        for requests_item_data in self.requests:
            requests_item = requests_item_data.to_dict()
            requests.append(requests_item)

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "next": next_,
                "requests": requests,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.pending_join_request import PendingJoinRequest  # noqa: PLC0415

        d = dict(src_dict)

        def _parse_next_(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        next_ = _parse_next_(d.pop("next"))

        requests = []
        _requests = d.pop("requests")
        for requests_item_data in _requests:
            requests_item = PendingJoinRequest.from_dict(requests_item_data)

            requests.append(requests_item)

        join_requests = cls(
            next_=next_,
            requests=requests,
        )

        join_requests.additional_properties = d
        return join_requests

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
