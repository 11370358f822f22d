from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..models.user_kind import UserKind

if TYPE_CHECKING:
    from ..models.user_profile_custom_type_0 import UserProfileCustomType0


T = TypeVar("T", bound="UserProfile")


@_attrs_define
class UserProfile:
    """What a user shows to others.

    Attributes:
        about (None | str): What the user says about themselves.
        avatar (None | str): The avatar: an https URL, or the id of a file, which everybody can see who sees the
            profile.
        custom (None | UserProfileCustomType0): The app's own fields.
        deactivated (bool): Whether the user can no longer call the API.
        display_name (None | str): The name that others see; null if the user has not chosen one.
        id (str): The user.
        kind (UserKind): What kind of user it is: a person, a program, or the deployment itself.
        last_seen (datetime.datetime | None): When the user was online last; now, if they are. Null if they or the
            caller hide it, or if
            they never were.
    """

    about: None | str
    avatar: None | str
    custom: None | UserProfileCustomType0
    deactivated: bool
    display_name: None | str
    id: str
    kind: UserKind
    last_seen: datetime.datetime | None
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        from ..models.user_profile_custom_type_0 import UserProfileCustomType0  # noqa: PLC0415

        about: None | str
        about = self.about

        avatar: None | str
        avatar = self.avatar

        custom: dict[str, Any] | None
        if isinstance(self.custom, UserProfileCustomType0):
            custom = self.custom.to_dict()
        else:
            custom = self.custom

        deactivated = self.deactivated

        display_name: None | str
        display_name = self.display_name

        id = self.id

        kind = self.kind.value

        last_seen: None | str
        if isinstance(self.last_seen, datetime.datetime):
            last_seen = self.last_seen.isoformat()
        else:
            last_seen = self.last_seen

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "about": about,
                "avatar": avatar,
                "custom": custom,
                "deactivated": deactivated,
                "display_name": display_name,
                "id": id,
                "kind": kind,
                "last_seen": last_seen,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.user_profile_custom_type_0 import UserProfileCustomType0  # noqa: PLC0415

        d = dict(src_dict)

        def _parse_about(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        about = _parse_about(d.pop("about"))

        def _parse_avatar(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        avatar = _parse_avatar(d.pop("avatar"))

        def _parse_custom(data: object) -> None | UserProfileCustomType0:
            if data is None:
                return data
            try:
                if not isinstance(data, dict):
                    raise TypeError()
                custom_type_0 = UserProfileCustomType0.from_dict(data)

                return custom_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(None | UserProfileCustomType0, data)

        custom = _parse_custom(d.pop("custom"))

        deactivated = d.pop("deactivated")

        def _parse_display_name(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        display_name = _parse_display_name(d.pop("display_name"))

        id = d.pop("id")

        kind = UserKind(d.pop("kind"))

        def _parse_last_seen(data: object) -> datetime.datetime | None:
            if data is None:
                return data
            try:
                if not isinstance(data, str):
                    raise TypeError()
                last_seen_type_0 = datetime.datetime.fromisoformat(data)

                return last_seen_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(datetime.datetime | None, data)

        last_seen = _parse_last_seen(d.pop("last_seen"))

        user_profile = cls(
            about=about,
            avatar=avatar,
            custom=custom,
            deactivated=deactivated,
            display_name=display_name,
            id=id,
            kind=kind,
            last_seen=last_seen,
        )

        user_profile.additional_properties = d
        return user_profile

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
