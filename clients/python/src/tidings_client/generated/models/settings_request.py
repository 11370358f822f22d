from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..models.consent import Consent
from ..types import UNSET, Unset

if TYPE_CHECKING:
    from ..models.quiet_hours import QuietHours


T = TypeVar("T", bound="SettingsRequest")


@_attrs_define
class SettingsRequest:
    """What to change of the caller's settings. Omitted fields stay unchanged.

    Attributes:
        direct_from (Consent | None | Unset):
        groups_from (Consent | None | Unset):
        last_seen (bool | None | Unset): Whether others see when the caller was online last, and the caller when they
            were.
        quiet_hours (None | QuietHours | Unset):
        read_receipts (bool | None | Unset): Whether others see what the caller has read, and the caller what they have
            read.
    """

    direct_from: Consent | None | Unset = UNSET
    groups_from: Consent | None | Unset = UNSET
    last_seen: bool | None | Unset = UNSET
    quiet_hours: None | QuietHours | Unset = UNSET
    read_receipts: bool | None | Unset = UNSET
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        from ..models.quiet_hours import QuietHours  # noqa: PLC0415

        direct_from: None | str | Unset
        if isinstance(self.direct_from, Unset):
            direct_from = UNSET
        elif isinstance(self.direct_from, Consent):
            direct_from = self.direct_from.value
        else:
            direct_from = self.direct_from

        groups_from: None | str | Unset
        if isinstance(self.groups_from, Unset):
            groups_from = UNSET
        elif isinstance(self.groups_from, Consent):
            groups_from = self.groups_from.value
        else:
            groups_from = self.groups_from

        last_seen: bool | None | Unset
        if isinstance(self.last_seen, Unset):
            last_seen = UNSET
        else:
            last_seen = self.last_seen

        quiet_hours: dict[str, Any] | None | Unset
        if isinstance(self.quiet_hours, Unset):
            quiet_hours = UNSET
        elif isinstance(self.quiet_hours, QuietHours):
            quiet_hours = self.quiet_hours.to_dict()
        else:
            quiet_hours = self.quiet_hours

        read_receipts: bool | None | Unset
        if isinstance(self.read_receipts, Unset):
            read_receipts = UNSET
        else:
            read_receipts = self.read_receipts

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update({})
        if direct_from is not UNSET:
            field_dict["direct_from"] = direct_from
        if groups_from is not UNSET:
            field_dict["groups_from"] = groups_from
        if last_seen is not UNSET:
            field_dict["last_seen"] = last_seen
        if quiet_hours is not UNSET:
            field_dict["quiet_hours"] = quiet_hours
        if read_receipts is not UNSET:
            field_dict["read_receipts"] = read_receipts

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.quiet_hours import QuietHours  # noqa: PLC0415

        d = dict(src_dict)

        def _parse_direct_from(data: object) -> Consent | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, str):
                    raise TypeError()
                direct_from_type_0 = Consent(data)

                return direct_from_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(Consent | None | Unset, data)

        direct_from = _parse_direct_from(d.pop("direct_from", UNSET))

        def _parse_groups_from(data: object) -> Consent | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, str):
                    raise TypeError()
                groups_from_type_0 = Consent(data)

                return groups_from_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(Consent | None | Unset, data)

        groups_from = _parse_groups_from(d.pop("groups_from", UNSET))

        def _parse_last_seen(data: object) -> bool | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(bool | None | Unset, data)

        last_seen = _parse_last_seen(d.pop("last_seen", UNSET))

        def _parse_quiet_hours(data: object) -> None | QuietHours | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, dict):
                    raise TypeError()
                quiet_hours_type_0 = QuietHours.from_dict(data)

                return quiet_hours_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(None | QuietHours | Unset, data)

        quiet_hours = _parse_quiet_hours(d.pop("quiet_hours", UNSET))

        def _parse_read_receipts(data: object) -> bool | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(bool | None | Unset, data)

        read_receipts = _parse_read_receipts(d.pop("read_receipts", UNSET))

        settings_request = cls(
            direct_from=direct_from,
            groups_from=groups_from,
            last_seen=last_seen,
            quiet_hours=quiet_hours,
            read_receipts=read_receipts,
        )

        settings_request.additional_properties = d
        return settings_request

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
