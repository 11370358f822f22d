from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar

from attrs import define as _attrs_define
from attrs import field as _attrs_field

if TYPE_CHECKING:
    from ..models.push_outcome_report import PushOutcomeReport


T = TypeVar("T", bound="PushProviderReport")


@_attrs_define
class PushProviderReport:
    """How pushes through one provider fare.

    Attributes:
        devices (int): The number of devices that get pushes.
        outcomes (list[PushOutcomeReport]): What the provider answered, by outcome.
        parked (int): The number of pushes whose last attempt failed within a week.
        provider (str): `apns`, `fcm` or `webpush`.
        waiting (int): The number of pushes that wait: for their time, or for another attempt.
    """

    devices: int
    outcomes: list[PushOutcomeReport]
    parked: int
    provider: str
    waiting: int
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        devices = self.devices

        outcomes = []
        for outcomes_item_data in self.outcomes:
            outcomes_item = outcomes_item_data.to_dict()
            outcomes.append(outcomes_item)

        parked = self.parked

        provider = self.provider

        waiting = self.waiting

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "devices": devices,
                "outcomes": outcomes,
                "parked": parked,
                "provider": provider,
                "waiting": waiting,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.push_outcome_report import PushOutcomeReport  # noqa: PLC0415

        d = dict(src_dict)
        devices = d.pop("devices")

        outcomes = []
        _outcomes = d.pop("outcomes")
        for outcomes_item_data in _outcomes:
            outcomes_item = PushOutcomeReport.from_dict(outcomes_item_data)

            outcomes.append(outcomes_item)

        parked = d.pop("parked")

        provider = d.pop("provider")

        waiting = d.pop("waiting")

        push_provider_report = cls(
            devices=devices,
            outcomes=outcomes,
            parked=parked,
            provider=provider,
            waiting=waiting,
        )

        push_provider_report.additional_properties = d
        return push_provider_report

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
