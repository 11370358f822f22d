from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

if TYPE_CHECKING:
    from ..models.audit_entry_detail import AuditEntryDetail


T = TypeVar("T", bound="AuditEntry")


@_attrs_define
class AuditEntry:
    """An entry of the audit.

    Attributes:
        act (str): The type of the event, such as `user_restricted`; for what leaves no event of its own, one
            of `events_read`, `read_as_user`, `read_for_user`, `users_read`, `conversations_read`,
            `message_traced`, `cases_read`, `token_issued`, `invite_issued`, `webhook_added`,
            `webhook_changed`, `webhook_replayed`, `webhook_removed`, `user_exported`.
        actor (str): Who called: the user of the token.
        at (datetime.datetime): When it was done or viewed.
        detail (AuditEntryDetail): More about it: fields of the event, or the `call`. Never text that somebody wrote.
        position (int): The log position of the event; of a view, the head of the log at that time.
        target (None | str): What it was done to: a conversation, a user, a case, a message as `conversation/seq`, or
            the
            name of a rule; null if nothing in particular.
    """

    act: str
    actor: str
    at: datetime.datetime
    detail: AuditEntryDetail
    position: int
    target: None | str
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        act = self.act

        actor = self.actor

        at = self.at.isoformat()

        detail = self.detail.to_dict()

        position = self.position

        target: None | str
        target = self.target

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "act": act,
                "actor": actor,
                "at": at,
                "detail": detail,
                "position": position,
                "target": target,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.audit_entry_detail import AuditEntryDetail  # noqa: PLC0415

        d = dict(src_dict)
        act = d.pop("act")

        actor = d.pop("actor")

        at = datetime.datetime.fromisoformat(d.pop("at"))

        detail = AuditEntryDetail.from_dict(d.pop("detail"))

        position = d.pop("position")

        def _parse_target(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        target = _parse_target(d.pop("target"))

        audit_entry = cls(
            act=act,
            actor=actor,
            at=at,
            detail=detail,
            position=position,
            target=target,
        )

        audit_entry.additional_properties = d
        return audit_entry

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
