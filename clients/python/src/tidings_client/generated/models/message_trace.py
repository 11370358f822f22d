from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

if TYPE_CHECKING:
    from ..models.message_deliveries import MessageDeliveries
    from ..models.message_recipient import MessageRecipient
    from ..models.trace_stage import TraceStage
    from ..models.traced_change import TracedChange


T = TypeVar("T", bound="MessageTrace")


@_attrs_define
class MessageTrace:
    """What has become of a message. The field names are the JSON output.

    Attributes:
        changes (list[TracedChange]): Its edits, recalls, restores and erasures, oldest first.
        checkpoint (int): The position of the read model. Example: 412.
        conversation_id (str): The conversation. Example: team.
        cursor (str): The cursor of that position. Example: 37.5f3a9c21.
        delivered_count (int): How many of them have it: a device has acknowledged it, or they have read it.
        not_stored (list[str]): What nobody stores.
        position (int): The position at which it was sent. Example: 37.
        read_count (int): How many of them have read it.
        recipient_count (int): How many there are.
        recipients (list[MessageRecipient]): The members at that time, without the sender: at most 1,000, in the order
            of joining.
        sender (None | str): The user who sent it; null if the event cannot be read. Example: ann.
        seq (int): The seq of the message. Example: 17.
        stages (list[TraceStage]): The stages, in the order in which a message passes them.
        webhooks (MessageDeliveries): What has become of a message.
    """

    changes: list[TracedChange]
    checkpoint: int
    conversation_id: str
    cursor: str
    delivered_count: int
    not_stored: list[str]
    position: int
    read_count: int
    recipient_count: int
    recipients: list[MessageRecipient]
    sender: None | str
    seq: int
    stages: list[TraceStage]
    webhooks: MessageDeliveries
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        changes = []
        for changes_item_data in self.changes:
            changes_item = changes_item_data.to_dict()
            changes.append(changes_item)

        checkpoint = self.checkpoint

        conversation_id = self.conversation_id

        cursor = self.cursor

        delivered_count = self.delivered_count

        not_stored = self.not_stored

        position = self.position

        read_count = self.read_count

        recipient_count = self.recipient_count

        recipients = []
        for recipients_item_data in self.recipients:
            recipients_item = recipients_item_data.to_dict()
            recipients.append(recipients_item)

        sender: None | str
        sender = self.sender

        seq = self.seq

        stages = []
        for stages_item_data in self.stages:
            stages_item = stages_item_data.to_dict()
            stages.append(stages_item)

        webhooks = self.webhooks.to_dict()

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "changes": changes,
                "checkpoint": checkpoint,
                "conversation_id": conversation_id,
                "cursor": cursor,
                "delivered_count": delivered_count,
                "not_stored": not_stored,
                "position": position,
                "read_count": read_count,
                "recipient_count": recipient_count,
                "recipients": recipients,
                "sender": sender,
                "seq": seq,
                "stages": stages,
                "webhooks": webhooks,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.message_deliveries import MessageDeliveries  # noqa: PLC0415
        from ..models.message_recipient import MessageRecipient  # noqa: PLC0415
        from ..models.trace_stage import TraceStage  # noqa: PLC0415
        from ..models.traced_change import TracedChange  # noqa: PLC0415

        d = dict(src_dict)
        changes = []
        _changes = d.pop("changes")
        for changes_item_data in _changes:
            changes_item = TracedChange.from_dict(changes_item_data)

            changes.append(changes_item)

        checkpoint = d.pop("checkpoint")

        conversation_id = d.pop("conversation_id")

        cursor = d.pop("cursor")

        delivered_count = d.pop("delivered_count")

        not_stored = cast(list[str], d.pop("not_stored"))

        position = d.pop("position")

        read_count = d.pop("read_count")

        recipient_count = d.pop("recipient_count")

        recipients = []
        _recipients = d.pop("recipients")
        for recipients_item_data in _recipients:
            recipients_item = MessageRecipient.from_dict(recipients_item_data)

            recipients.append(recipients_item)

        def _parse_sender(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        sender = _parse_sender(d.pop("sender"))

        seq = d.pop("seq")

        stages = []
        _stages = d.pop("stages")
        for stages_item_data in _stages:
            stages_item = TraceStage.from_dict(stages_item_data)

            stages.append(stages_item)

        webhooks = MessageDeliveries.from_dict(d.pop("webhooks"))

        message_trace = cls(
            changes=changes,
            checkpoint=checkpoint,
            conversation_id=conversation_id,
            cursor=cursor,
            delivered_count=delivered_count,
            not_stored=not_stored,
            position=position,
            read_count=read_count,
            recipient_count=recipient_count,
            recipients=recipients,
            sender=sender,
            seq=seq,
            stages=stages,
            webhooks=webhooks,
        )

        message_trace.additional_properties = d
        return message_trace

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
