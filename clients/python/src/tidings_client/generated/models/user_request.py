from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..models.user_kind import UserKind
from ..types import UNSET, Unset

if TYPE_CHECKING:
    from ..models.user_request_custom_type_0 import UserRequestCustomType0


T = TypeVar("T", bound="UserRequest")


@_attrs_define
class UserRequest:
    """What to change of a user. Omitted fields stay unchanged; null removes a value.

    Attributes:
        about (None | str | Unset): What the user says about themselves: at most 300 characters.
        avatar (None | str | Unset): The avatar: the id of a file of the caller or of this user, whose bytes are an
            image, or an
            https URL.
        custom (None | Unset | UserRequestCustomType0): The app's own fields: a JSON object of at most 4 KiB.
        deactivated (bool | None | Unset): Whether the user is deactivated: every call with their tokens is refused, and
            live
            connections are closed.
        display_name (None | str | Unset): The name that others see: 1 to 64 characters.
        kind (None | Unset | UserKind):
        locale (None | str | Unset): The language: a BCP 47 tag such as `de-AT`.
    """

    about: None | str | Unset = UNSET
    avatar: None | str | Unset = UNSET
    custom: None | Unset | UserRequestCustomType0 = UNSET
    deactivated: bool | None | Unset = UNSET
    display_name: None | str | Unset = UNSET
    kind: None | Unset | UserKind = UNSET
    locale: None | str | Unset = UNSET
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        from ..models.user_request_custom_type_0 import UserRequestCustomType0  # noqa: PLC0415

        about: None | str | Unset
        if isinstance(self.about, Unset):
            about = UNSET
        else:
            about = self.about

        avatar: None | str | Unset
        if isinstance(self.avatar, Unset):
            avatar = UNSET
        else:
            avatar = self.avatar

        custom: dict[str, Any] | None | Unset
        if isinstance(self.custom, Unset):
            custom = UNSET
        elif isinstance(self.custom, UserRequestCustomType0):
            custom = self.custom.to_dict()
        else:
            custom = self.custom

        deactivated: bool | None | Unset
        if isinstance(self.deactivated, Unset):
            deactivated = UNSET
        else:
            deactivated = self.deactivated

        display_name: None | str | Unset
        if isinstance(self.display_name, Unset):
            display_name = UNSET
        else:
            display_name = self.display_name

        kind: None | str | Unset
        if isinstance(self.kind, Unset):
            kind = UNSET
        elif isinstance(self.kind, UserKind):
            kind = self.kind.value
        else:
            kind = self.kind

        locale: None | str | Unset
        if isinstance(self.locale, Unset):
            locale = UNSET
        else:
            locale = self.locale

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update({})
        if about is not UNSET:
            field_dict["about"] = about
        if avatar is not UNSET:
            field_dict["avatar"] = avatar
        if custom is not UNSET:
            field_dict["custom"] = custom
        if deactivated is not UNSET:
            field_dict["deactivated"] = deactivated
        if display_name is not UNSET:
            field_dict["display_name"] = display_name
        if kind is not UNSET:
            field_dict["kind"] = kind
        if locale is not UNSET:
            field_dict["locale"] = locale

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.user_request_custom_type_0 import UserRequestCustomType0  # noqa: PLC0415

        d = dict(src_dict)

        def _parse_about(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        about = _parse_about(d.pop("about", UNSET))

        def _parse_avatar(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        avatar = _parse_avatar(d.pop("avatar", UNSET))

        def _parse_custom(data: object) -> None | Unset | UserRequestCustomType0:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, dict):
                    raise TypeError()
                custom_type_0 = UserRequestCustomType0.from_dict(data)

                return custom_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(None | Unset | UserRequestCustomType0, data)

        custom = _parse_custom(d.pop("custom", UNSET))

        def _parse_deactivated(data: object) -> bool | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(bool | None | Unset, data)

        deactivated = _parse_deactivated(d.pop("deactivated", UNSET))

        def _parse_display_name(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        display_name = _parse_display_name(d.pop("display_name", UNSET))

        def _parse_kind(data: object) -> None | Unset | UserKind:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, str):
                    raise TypeError()
                kind_type_0 = UserKind(data)

                return kind_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(None | Unset | UserKind, data)

        kind = _parse_kind(d.pop("kind", UNSET))

        def _parse_locale(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        locale = _parse_locale(d.pop("locale", UNSET))

        user_request = cls(
            about=about,
            avatar=avatar,
            custom=custom,
            deactivated=deactivated,
            display_name=display_name,
            kind=kind,
            locale=locale,
        )

        user_request.additional_properties = d
        return user_request

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
