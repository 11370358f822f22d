from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar

from attrs import define as _attrs_define
from attrs import field as _attrs_field

if TYPE_CHECKING:
    from ..models.session_status_by_name import SessionStatusByName
    from ..models.session_status_by_state import SessionStatusByState


T = TypeVar("T", bound="SessionStatus")


@_attrs_define
class SessionStatus:
    """The sessions of Postgres.

    Attributes:
        by_name (SessionStatusByName): The number of each part of Tidings, also on other machines.
        by_state (SessionStatusByState): The number of sessions that are `active`, `idle`, `idle in transaction` or
            `other`.
        max_ (int): The number that the server allows.
        oldest_transaction_seconds (float): The age of the oldest transaction, in seconds.
        open_ (int): The number of sessions with this database, of all programs.
    """

    by_name: SessionStatusByName
    by_state: SessionStatusByState
    max_: int
    oldest_transaction_seconds: float
    open_: int
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        by_name = self.by_name.to_dict()

        by_state = self.by_state.to_dict()

        max_ = self.max_

        oldest_transaction_seconds = self.oldest_transaction_seconds

        open_ = self.open_

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "by_name": by_name,
                "by_state": by_state,
                "max": max_,
                "oldest_transaction_seconds": oldest_transaction_seconds,
                "open": open_,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.session_status_by_name import SessionStatusByName  # noqa: PLC0415
        from ..models.session_status_by_state import SessionStatusByState  # noqa: PLC0415

        d = dict(src_dict)
        by_name = SessionStatusByName.from_dict(d.pop("by_name"))

        by_state = SessionStatusByState.from_dict(d.pop("by_state"))

        max_ = d.pop("max")

        oldest_transaction_seconds = d.pop("oldest_transaction_seconds")

        open_ = d.pop("open")

        session_status = cls(
            by_name=by_name,
            by_state=by_state,
            max_=max_,
            oldest_transaction_seconds=oldest_transaction_seconds,
            open_=open_,
        )

        session_status.additional_properties = d
        return session_status

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
