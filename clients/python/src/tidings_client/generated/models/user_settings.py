from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..models.consent import Consent

if TYPE_CHECKING:
    from ..models.quiet_hours import QuietHours


T = TypeVar("T", bound="UserSettings")


@_attrs_define
class UserSettings:
    """The settings of the caller.

    Attributes:
        direct_from (Consent): Who may do something without being asked: `anyone`, or only `contacts` of the user.
        groups_from (Consent): Who may do something without being asked: `anyone`, or only `contacts` of the user.
        last_seen (bool): Whether others see when the caller was online last, and the caller when they were.
        quiet_hours (None | QuietHours):
        read_receipts (bool): Whether others see what the caller has read, and the caller what they have read.
    """

    direct_from: Consent
    groups_from: Consent
    last_seen: bool
    quiet_hours: None | QuietHours
    read_receipts: bool
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        from ..models.quiet_hours import QuietHours  # noqa: PLC0415

        direct_from = self.direct_from.value

        groups_from = self.groups_from.value

        last_seen = self.last_seen

        quiet_hours: dict[str, Any] | None
        if isinstance(self.quiet_hours, QuietHours):
            quiet_hours = self.quiet_hours.to_dict()
        else:
            quiet_hours = self.quiet_hours

        read_receipts = self.read_receipts

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "direct_from": direct_from,
                "groups_from": groups_from,
                "last_seen": last_seen,
                "quiet_hours": quiet_hours,
                "read_receipts": read_receipts,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.quiet_hours import QuietHours  # noqa: PLC0415

        d = dict(src_dict)
        direct_from = Consent(d.pop("direct_from"))

        groups_from = Consent(d.pop("groups_from"))

        last_seen = d.pop("last_seen")

        def _parse_quiet_hours(data: object) -> None | QuietHours:
            if data is None:
                return data
            try:
                if not isinstance(data, dict):
                    raise TypeError()
                quiet_hours_type_0 = QuietHours.from_dict(data)

                return quiet_hours_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(None | QuietHours, data)

        quiet_hours = _parse_quiet_hours(d.pop("quiet_hours"))

        read_receipts = d.pop("read_receipts")

        user_settings = cls(
            direct_from=direct_from,
            groups_from=groups_from,
            last_seen=last_seen,
            quiet_hours=quiet_hours,
            read_receipts=read_receipts,
        )

        user_settings.additional_properties = d
        return user_settings

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
