from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import Any, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

T = TypeVar("T", bound="PushOutcomeReport")


@_attrs_define
class PushOutcomeReport:
    """The attempts with one outcome.

    Attributes:
        attempts (int): The number of attempts.
        error (None | str): Why the last of them failed; null if they did not.
        last_at (datetime.datetime): When the last of them was stored.
        outcome (str): `accepted`, `gone` (the token), `unavailable`, `throttled`, `misconfigured` or `rejected`.
    """

    attempts: int
    error: None | str
    last_at: datetime.datetime
    outcome: str
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        attempts = self.attempts

        error: None | str
        error = self.error

        last_at = self.last_at.isoformat()

        outcome = self.outcome

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "attempts": attempts,
                "error": error,
                "last_at": last_at,
                "outcome": outcome,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        attempts = d.pop("attempts")

        def _parse_error(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        error = _parse_error(d.pop("error"))

        last_at = datetime.datetime.fromisoformat(d.pop("last_at"))

        outcome = d.pop("outcome")

        push_outcome_report = cls(
            attempts=attempts,
            error=error,
            last_at=last_at,
            outcome=outcome,
        )

        push_outcome_report.additional_properties = d
        return push_outcome_report

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
