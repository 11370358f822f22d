from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..models.user_kind import UserKind

if TYPE_CHECKING:
    from ..models.admin_user_details_custom_type_0 import AdminUserDetailsCustomType0
    from ..models.placed_restriction import PlacedRestriction
    from ..models.user_conversation import UserConversation
    from ..models.user_counts import UserCounts
    from ..models.user_device import UserDevice
    from ..models.user_restriction import UserRestriction


T = TypeVar("T", bound="AdminUserDetails")


@_attrs_define
class AdminUserDetails:
    """A user with what belongs to them.

    Attributes:
        about (None | str): What the user says about themselves.
        avatar (None | str): The avatar: the id of a file, or an https URL.
        conversations (list[UserConversation]): A page of the conversations that the user is a member of.
        counts (UserCounts): How much there is of a user.
        created_at (datetime.datetime | None): When the log first named the user.
        custom (AdminUserDetailsCustomType0 | None): The app's own fields.
        deactivated (bool): Whether the user is deactivated.
        devices (list[UserDevice]): The devices that have acknowledged something, those that did last first; at most
            200.
        display_name (None | str): The name that others see; null if the user has not chosen one.
        id (str): The user.
        kind (UserKind): What kind of user it is: a person, a program, or the deployment itself.
        last_seen (datetime.datetime | None): When the user was online last, also if they hide it; null if they never
            were.
        locale (None | str): The language.
        next_ (None | str): The cursor of the next page of conversations; null at the end.
        online (bool): Whether the user is online.
        restriction (None | UserRestriction):
        restrictions (list[PlacedRestriction]): What the user may not do at the moment, everywhere and in conversations;
            at most 201.
    """

    about: None | str
    avatar: None | str
    conversations: list[UserConversation]
    counts: UserCounts
    created_at: datetime.datetime | None
    custom: AdminUserDetailsCustomType0 | None
    deactivated: bool
    devices: list[UserDevice]
    display_name: None | str
    id: str
    kind: UserKind
    last_seen: datetime.datetime | None
    locale: None | str
    next_: None | str
    online: bool
    restriction: None | UserRestriction
    restrictions: list[PlacedRestriction]
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        from ..models.admin_user_details_custom_type_0 import (
            AdminUserDetailsCustomType0,  # noqa: PLC0415
        )
        from ..models.user_restriction import UserRestriction  # noqa: PLC0415

        about: None | str
        about = self.about

        avatar: None | str
        avatar = self.avatar

        conversations = []
        for conversations_item_data in self.conversations:
            conversations_item = conversations_item_data.to_dict()
            conversations.append(conversations_item)

        counts = self.counts.to_dict()

        created_at: None | str
        if isinstance(self.created_at, datetime.datetime):
            created_at = self.created_at.isoformat()
        else:
            created_at = self.created_at

        custom: dict[str, Any] | None
        if isinstance(self.custom, AdminUserDetailsCustomType0):
            custom = self.custom.to_dict()
        else:
            custom = self.custom

        deactivated = self.deactivated

        devices = []
        for devices_item_data in self.devices:
            devices_item = devices_item_data.to_dict()
            devices.append(devices_item)

        display_name: None | str
        display_name = self.display_name

        id = self.id

        kind = self.kind.value

        last_seen: None | str
        if isinstance(self.last_seen, datetime.datetime):
            last_seen = self.last_seen.isoformat()
        else:
            last_seen = self.last_seen

        locale: None | str
        locale = self.locale

        next_: None | str
        next_ = self.next_

        online = self.online

        restriction: dict[str, Any] | None
        if isinstance(self.restriction, UserRestriction):
            restriction = self.restriction.to_dict()
        else:
            restriction = self.restriction

        restrictions = []
        for restrictions_item_data in self.restrictions:
            restrictions_item = restrictions_item_data.to_dict()
            restrictions.append(restrictions_item)

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "about": about,
                "avatar": avatar,
                "conversations": conversations,
                "counts": counts,
                "created_at": created_at,
                "custom": custom,
                "deactivated": deactivated,
                "devices": devices,
                "display_name": display_name,
                "id": id,
                "kind": kind,
                "last_seen": last_seen,
                "locale": locale,
                "next": next_,
                "online": online,
                "restriction": restriction,
                "restrictions": restrictions,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.admin_user_details_custom_type_0 import (
            AdminUserDetailsCustomType0,  # noqa: PLC0415
        )
        from ..models.placed_restriction import PlacedRestriction  # noqa: PLC0415
        from ..models.user_conversation import UserConversation  # noqa: PLC0415
        from ..models.user_counts import UserCounts  # noqa: PLC0415
        from ..models.user_device import UserDevice  # noqa: PLC0415
        from ..models.user_restriction import UserRestriction  # noqa: PLC0415

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

        conversations = []
        _conversations = d.pop("conversations")
        for conversations_item_data in _conversations:
            conversations_item = UserConversation.from_dict(conversations_item_data)

            conversations.append(conversations_item)

        counts = UserCounts.from_dict(d.pop("counts"))

        def _parse_created_at(data: object) -> datetime.datetime | None:
            if data is None:
                return data
            try:
                if not isinstance(data, str):
                    raise TypeError()
                created_at_type_0 = datetime.datetime.fromisoformat(data)

                return created_at_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(datetime.datetime | None, data)

        created_at = _parse_created_at(d.pop("created_at"))

        def _parse_custom(data: object) -> AdminUserDetailsCustomType0 | None:
            if data is None:
                return data
            try:
                if not isinstance(data, dict):
                    raise TypeError()
                custom_type_0 = AdminUserDetailsCustomType0.from_dict(data)

                return custom_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(AdminUserDetailsCustomType0 | None, data)

        custom = _parse_custom(d.pop("custom"))

        deactivated = d.pop("deactivated")

        devices = []
        _devices = d.pop("devices")
        for devices_item_data in _devices:
            devices_item = UserDevice.from_dict(devices_item_data)

            devices.append(devices_item)

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

        def _parse_locale(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        locale = _parse_locale(d.pop("locale"))

        def _parse_next_(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        next_ = _parse_next_(d.pop("next"))

        online = d.pop("online")

        def _parse_restriction(data: object) -> None | UserRestriction:
            if data is None:
                return data
            try:
                if not isinstance(data, dict):
                    raise TypeError()
                restriction_type_0 = UserRestriction.from_dict(data)

                return restriction_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(None | UserRestriction, data)

        restriction = _parse_restriction(d.pop("restriction"))

        restrictions = []
        _restrictions = d.pop("restrictions")
        for restrictions_item_data in _restrictions:
            restrictions_item = PlacedRestriction.from_dict(restrictions_item_data)

            restrictions.append(restrictions_item)

        admin_user_details = cls(
            about=about,
            avatar=avatar,
            conversations=conversations,
            counts=counts,
            created_at=created_at,
            custom=custom,
            deactivated=deactivated,
            devices=devices,
            display_name=display_name,
            id=id,
            kind=kind,
            last_seen=last_seen,
            locale=locale,
            next_=next_,
            online=online,
            restriction=restriction,
            restrictions=restrictions,
        )

        admin_user_details.additional_properties = d
        return admin_user_details

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
