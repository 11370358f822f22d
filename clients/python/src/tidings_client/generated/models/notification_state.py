from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import Any, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

T = TypeVar("T", bound="NotificationState")


@_attrs_define
class NotificationState:
    """The notification of one user of a message and its neighbours.

    Attributes:
        at (datetime.datetime): When it is due, or when it was parked.
        attempts (int): The number of attempts.
        state (str): `settled` (sent, or found to be needless: which one is not stored), `pending`, or `parked`.
        user (str): The user.
        webhook (int): The webhook.
        error (None | str | Unset): Why it was parked.
    """

    at: datetime.datetime
    attempts: int
    state: str
    user: str
    webhook: int
    error: None | str | Unset = UNSET
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        at = self.at.isoformat()

        attempts = self.attempts

        state = self.state

        user = self.user

        webhook = self.webhook

        error: None | str | Unset
        if isinstance(self.error, Unset):
            error = UNSET
        else:
            error = self.error

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "at": at,
                "attempts": attempts,
                "state": state,
                "user": user,
                "webhook": webhook,
            }
        )
        if error is not UNSET:
            field_dict["error"] = error

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        at = datetime.datetime.fromisoformat(d.pop("at"))

        attempts = d.pop("attempts")

        state = d.pop("state")

        user = d.pop("user")

        webhook = d.pop("webhook")

        def _parse_error(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        error = _parse_error(d.pop("error", UNSET))

        notification_state = cls(
            at=at,
            attempts=attempts,
            state=state,
            user=user,
            webhook=webhook,
            error=error,
        )

        notification_state.additional_properties = d
        return notification_state

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
