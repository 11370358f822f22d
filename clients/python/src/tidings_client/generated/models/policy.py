from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..models.join_policy import JoinPolicy
from ..models.post_policy import PostPolicy

if TYPE_CHECKING:
    from ..models.policy_custom_type_0 import PolicyCustomType0


T = TypeVar("T", bound="Policy")


@_attrs_define
class Policy:
    """What the owner and admins of a conversation have set. A direct conversation has the defaults.

    Attributes:
        avatar (None | str): The address of its picture.
        custom (None | PolicyCustomType0): What the app keeps with it.
        frozen (bool): Whether only the owner and admins can write, edit, react and recall.
        join (JoinPolicy): How users join: the owner and admins add them (`added`), users ask and are admitted
            (`asked`),
            or anyone who has the id joins (`open`).
        post (PostPolicy): Who can send messages: every member, or only the owner and admins.
        retention_days (int | None): After how many days the server erases messages; null for never.
        slow_mode (int): How many seconds a member other than the owner and admins waits between two messages.
        topic (None | str): What the conversation is about.
    """

    avatar: None | str
    custom: None | PolicyCustomType0
    frozen: bool
    join: JoinPolicy
    post: PostPolicy
    retention_days: int | None
    slow_mode: int
    topic: None | str
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        from ..models.policy_custom_type_0 import PolicyCustomType0  # noqa: PLC0415

        avatar: None | str
        avatar = self.avatar

        custom: dict[str, Any] | None
        if isinstance(self.custom, PolicyCustomType0):
            custom = self.custom.to_dict()
        else:
            custom = self.custom

        frozen = self.frozen

        join = self.join.value

        post = self.post.value

        retention_days: int | None
        retention_days = self.retention_days

        slow_mode = self.slow_mode

        topic: None | str
        topic = self.topic

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "avatar": avatar,
                "custom": custom,
                "frozen": frozen,
                "join": join,
                "post": post,
                "retention_days": retention_days,
                "slow_mode": slow_mode,
                "topic": topic,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.policy_custom_type_0 import PolicyCustomType0  # noqa: PLC0415

        d = dict(src_dict)

        def _parse_avatar(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        avatar = _parse_avatar(d.pop("avatar"))

        def _parse_custom(data: object) -> None | PolicyCustomType0:
            if data is None:
                return data
            try:
                if not isinstance(data, dict):
                    raise TypeError()
                custom_type_0 = PolicyCustomType0.from_dict(data)

                return custom_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(None | PolicyCustomType0, data)

        custom = _parse_custom(d.pop("custom"))

        frozen = d.pop("frozen")

        join = JoinPolicy(d.pop("join"))

        post = PostPolicy(d.pop("post"))

        def _parse_retention_days(data: object) -> int | None:
            if data is None:
                return data
            return cast(int | None, data)

        retention_days = _parse_retention_days(d.pop("retention_days"))

        slow_mode = d.pop("slow_mode")

        def _parse_topic(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        topic = _parse_topic(d.pop("topic"))

        policy = cls(
            avatar=avatar,
            custom=custom,
            frozen=frozen,
            join=join,
            post=post,
            retention_days=retention_days,
            slow_mode=slow_mode,
            topic=topic,
        )

        policy.additional_properties = d
        return policy

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
