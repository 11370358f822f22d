from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

if TYPE_CHECKING:
    from ..models.audited_conversation_policy import AuditedConversationPolicy
    from ..models.delivery_audit import DeliveryAudit


T = TypeVar("T", bound="AuditedConversation")


@_attrs_define
class AuditedConversation:
    """A conversation with everything that administrators see of it.

    Attributes:
        bytes_ (int): The bytes of the newest bodies of its messages.
        created_at (datetime.datetime): When it was created.
        delivery (DeliveryAudit): How many messages of a conversation have passed each stage.
        history (str): What new members see: `all` or `since_join`.
        id (str): The id.
        kind (str): `direct` or `group`.
        last_activity (datetime.datetime | None): When the last message was sent; null without messages.
        member_count (int): The number of members.
        messages (int): The number of messages, with those that were recalled or erased.
        policy (AuditedConversationPolicy): What the owner and admins have set, as members get it.
        title (None | str): The title of a group.
    """

    bytes_: int
    created_at: datetime.datetime
    delivery: DeliveryAudit
    history: str
    id: str
    kind: str
    last_activity: datetime.datetime | None
    member_count: int
    messages: int
    policy: AuditedConversationPolicy
    title: None | str
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        bytes_ = self.bytes_

        created_at = self.created_at.isoformat()

        delivery = self.delivery.to_dict()

        history = self.history

        id = self.id

        kind = self.kind

        last_activity: None | str
        if isinstance(self.last_activity, datetime.datetime):
            last_activity = self.last_activity.isoformat()
        else:
            last_activity = self.last_activity

        member_count = self.member_count

        messages = self.messages

        policy = self.policy.to_dict()

        title: None | str
        title = self.title

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "bytes": bytes_,
                "created_at": created_at,
                "delivery": delivery,
                "history": history,
                "id": id,
                "kind": kind,
                "last_activity": last_activity,
                "member_count": member_count,
                "messages": messages,
                "policy": policy,
                "title": title,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.audited_conversation_policy import AuditedConversationPolicy  # noqa: PLC0415
        from ..models.delivery_audit import DeliveryAudit  # noqa: PLC0415

        d = dict(src_dict)
        bytes_ = d.pop("bytes")

        created_at = datetime.datetime.fromisoformat(d.pop("created_at"))

        delivery = DeliveryAudit.from_dict(d.pop("delivery"))

        history = d.pop("history")

        id = d.pop("id")

        kind = d.pop("kind")

        def _parse_last_activity(data: object) -> datetime.datetime | None:
            if data is None:
                return data
            try:
                if not isinstance(data, str):
                    raise TypeError()
                last_activity_type_0 = datetime.datetime.fromisoformat(data)

                return last_activity_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(datetime.datetime | None, data)

        last_activity = _parse_last_activity(d.pop("last_activity"))

        member_count = d.pop("member_count")

        messages = d.pop("messages")

        policy = AuditedConversationPolicy.from_dict(d.pop("policy"))

        def _parse_title(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        title = _parse_title(d.pop("title"))

        audited_conversation = cls(
            bytes_=bytes_,
            created_at=created_at,
            delivery=delivery,
            history=history,
            id=id,
            kind=kind,
            last_activity=last_activity,
            member_count=member_count,
            messages=messages,
            policy=policy,
            title=title,
        )

        audited_conversation.additional_properties = d
        return audited_conversation

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
