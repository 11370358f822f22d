from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..models.user_kind import UserKind

if TYPE_CHECKING:
    from ..models.own_profile_custom_type_0 import OwnProfileCustomType0
    from ..models.user_settings import UserSettings


T = TypeVar("T", bound="OwnProfile")


@_attrs_define
class OwnProfile:
    """The caller's own profile and settings.

    Attributes:
        about (None | str): What the caller says about themselves.
        avatar (None | str): The avatar: the id of a file, or an https URL.
        custom (None | OwnProfileCustomType0): The app's own fields.
        deactivated (bool): Whether the user is deactivated.
        display_name (None | str): The name that others see; null if the caller has not chosen one.
        id (str): The caller.
        kind (UserKind): What kind of user it is: a person, a program, or the deployment itself.
        locale (None | str): The language.
        position (int): The log position of the read model.
        settings (UserSettings): The settings of the caller.
    """

    about: None | str
    avatar: None | str
    custom: None | OwnProfileCustomType0
    deactivated: bool
    display_name: None | str
    id: str
    kind: UserKind
    locale: None | str
    position: int
    settings: UserSettings
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        from ..models.own_profile_custom_type_0 import OwnProfileCustomType0  # noqa: PLC0415

        about: None | str
        about = self.about

        avatar: None | str
        avatar = self.avatar

        custom: dict[str, Any] | None
        if isinstance(self.custom, OwnProfileCustomType0):
            custom = self.custom.to_dict()
        else:
            custom = self.custom

        deactivated = self.deactivated

        display_name: None | str
        display_name = self.display_name

        id = self.id

        kind = self.kind.value

        locale: None | str
        locale = self.locale

        position = self.position

        settings = self.settings.to_dict()

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
                "locale": locale,
                "position": position,
                "settings": settings,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.own_profile_custom_type_0 import OwnProfileCustomType0  # noqa: PLC0415
        from ..models.user_settings import UserSettings  # noqa: PLC0415

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

        def _parse_custom(data: object) -> None | OwnProfileCustomType0:
            if data is None:
                return data
            try:
                if not isinstance(data, dict):
                    raise TypeError()
                custom_type_0 = OwnProfileCustomType0.from_dict(data)

                return custom_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(None | OwnProfileCustomType0, data)

        custom = _parse_custom(d.pop("custom"))

        deactivated = d.pop("deactivated")

        def _parse_display_name(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        display_name = _parse_display_name(d.pop("display_name"))

        id = d.pop("id")

        kind = UserKind(d.pop("kind"))

        def _parse_locale(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        locale = _parse_locale(d.pop("locale"))

        position = d.pop("position")

        settings = UserSettings.from_dict(d.pop("settings"))

        own_profile = cls(
            about=about,
            avatar=avatar,
            custom=custom,
            deactivated=deactivated,
            display_name=display_name,
            id=id,
            kind=kind,
            locale=locale,
            position=position,
            settings=settings,
        )

        own_profile.additional_properties = d
        return own_profile

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
