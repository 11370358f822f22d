from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..models.history import History
from ..models.join_policy import JoinPolicy
from ..models.post_policy import PostPolicy
from ..types import UNSET, Unset

if TYPE_CHECKING:
    from ..models.change_request_custom_type_0 import ChangeRequestCustomType0


T = TypeVar("T", bound="ChangeRequest")


@_attrs_define
class ChangeRequest:
    """The fields to change. Omitted fields stay unchanged.

    Attributes:
        avatar (None | str | Unset): The avatar of the group: the id of one of the caller's own files, whose bytes are
            an image,
            or an https URL of at most 2,048 characters; null removes it. Members see the file.
        custom (ChangeRequestCustomType0 | None | Unset): What the app keeps with the group: a JSON object of at most 4
            KiB; null removes it.
        frozen (bool | None | Unset): Whether only the owner and admins can write, edit, react and recall; others get
            403
            `frozen`.
        history (History | None | Unset):
        join (JoinPolicy | None | Unset):
        post (None | PostPolicy | Unset):
        retention_days (int | None | Unset): After how many days the server erases messages; null for never.
        slow_mode (int | None | Unset): How many seconds a member other than the owner and admins waits between two
            messages.
        title (None | str | Unset): The new title, at most 200 characters; null removes the title.
        topic (None | str | Unset): What the group is about, at most 500 characters; null removes it.
    """

    avatar: None | str | Unset = UNSET
    custom: ChangeRequestCustomType0 | None | Unset = UNSET
    frozen: bool | None | Unset = UNSET
    history: History | None | Unset = UNSET
    join: JoinPolicy | None | Unset = UNSET
    post: None | PostPolicy | Unset = UNSET
    retention_days: int | None | Unset = UNSET
    slow_mode: int | None | Unset = UNSET
    title: None | str | Unset = UNSET
    topic: None | str | Unset = UNSET
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        from ..models.change_request_custom_type_0 import ChangeRequestCustomType0  # noqa: PLC0415

        avatar: None | str | Unset
        if isinstance(self.avatar, Unset):
            avatar = UNSET
        else:
            avatar = self.avatar

        custom: dict[str, Any] | None | Unset
        if isinstance(self.custom, Unset):
            custom = UNSET
        elif isinstance(self.custom, ChangeRequestCustomType0):
            custom = self.custom.to_dict()
        else:
            custom = self.custom

        frozen: bool | None | Unset
        if isinstance(self.frozen, Unset):
            frozen = UNSET
        else:
            frozen = self.frozen

        history: None | str | Unset
        if isinstance(self.history, Unset):
            history = UNSET
        elif isinstance(self.history, History):
            history = self.history.value
        else:
            history = self.history

        join: None | str | Unset
        if isinstance(self.join, Unset):
            join = UNSET
        elif isinstance(self.join, JoinPolicy):
            join = self.join.value
        else:
            join = self.join

        post: None | str | Unset
        if isinstance(self.post, Unset):
            post = UNSET
        elif isinstance(self.post, PostPolicy):
            post = self.post.value
        else:
            post = self.post

        retention_days: int | None | Unset
        if isinstance(self.retention_days, Unset):
            retention_days = UNSET
        else:
            retention_days = self.retention_days

        slow_mode: int | None | Unset
        if isinstance(self.slow_mode, Unset):
            slow_mode = UNSET
        else:
            slow_mode = self.slow_mode

        title: None | str | Unset
        if isinstance(self.title, Unset):
            title = UNSET
        else:
            title = self.title

        topic: None | str | Unset
        if isinstance(self.topic, Unset):
            topic = UNSET
        else:
            topic = self.topic

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update({})
        if avatar is not UNSET:
            field_dict["avatar"] = avatar
        if custom is not UNSET:
            field_dict["custom"] = custom
        if frozen is not UNSET:
            field_dict["frozen"] = frozen
        if history is not UNSET:
            field_dict["history"] = history
        if join is not UNSET:
            field_dict["join"] = join
        if post is not UNSET:
            field_dict["post"] = post
        if retention_days is not UNSET:
            field_dict["retention_days"] = retention_days
        if slow_mode is not UNSET:
            field_dict["slow_mode"] = slow_mode
        if title is not UNSET:
            field_dict["title"] = title
        if topic is not UNSET:
            field_dict["topic"] = topic

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.change_request_custom_type_0 import ChangeRequestCustomType0  # noqa: PLC0415

        d = dict(src_dict)

        def _parse_avatar(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        avatar = _parse_avatar(d.pop("avatar", UNSET))

        def _parse_custom(data: object) -> ChangeRequestCustomType0 | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, dict):
                    raise TypeError()
                custom_type_0 = ChangeRequestCustomType0.from_dict(data)

                return custom_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(ChangeRequestCustomType0 | None | Unset, data)

        custom = _parse_custom(d.pop("custom", UNSET))

        def _parse_frozen(data: object) -> bool | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(bool | None | Unset, data)

        frozen = _parse_frozen(d.pop("frozen", UNSET))

        def _parse_history(data: object) -> History | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, str):
                    raise TypeError()
                history_type_0 = History(data)

                return history_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(History | None | Unset, data)

        history = _parse_history(d.pop("history", UNSET))

        def _parse_join(data: object) -> JoinPolicy | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, str):
                    raise TypeError()
                join_type_0 = JoinPolicy(data)

                return join_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(JoinPolicy | None | Unset, data)

        join = _parse_join(d.pop("join", UNSET))

        def _parse_post(data: object) -> None | PostPolicy | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, str):
                    raise TypeError()
                post_type_0 = PostPolicy(data)

                return post_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(None | PostPolicy | Unset, data)

        post = _parse_post(d.pop("post", UNSET))

        def _parse_retention_days(data: object) -> int | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(int | None | Unset, data)

        retention_days = _parse_retention_days(d.pop("retention_days", UNSET))

        def _parse_slow_mode(data: object) -> int | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(int | None | Unset, data)

        slow_mode = _parse_slow_mode(d.pop("slow_mode", UNSET))

        def _parse_title(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        title = _parse_title(d.pop("title", UNSET))

        def _parse_topic(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        topic = _parse_topic(d.pop("topic", UNSET))

        change_request = cls(
            avatar=avatar,
            custom=custom,
            frozen=frozen,
            history=history,
            join=join,
            post=post,
            retention_days=retention_days,
            slow_mode=slow_mode,
            title=title,
            topic=topic,
        )

        change_request.additional_properties = d
        return change_request

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
