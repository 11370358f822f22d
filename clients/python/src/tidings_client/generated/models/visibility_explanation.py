from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..models.visibility_reason import VisibilityReason

if TYPE_CHECKING:
    from ..models.content_change import ContentChange
    from ..models.explained_period import ExplainedPeriod
    from ..models.visibility_check import VisibilityCheck


T = TypeVar("T", bound="VisibilityExplanation")


@_attrs_define
class VisibilityExplanation:
    """Why a user sees a message or not.

    Attributes:
        changes (list[ContentChange]): The edits, recalls, restores and erasures of the message that the log has, oldest
            first.
        checks (list[VisibilityCheck]): What each rule says, in the order in which they apply.
        conversation_id (str): The conversation. Example: team.
        has_content (bool): Whether they serve it with its body.
        message_position (int | None): The position of the message; null if the read model does not have it. Example:
            37.
        position (int): The position of the read model for which this holds. Example: 412.
        seq (int): The seq of the message. Example: 17.
        stays (list[ExplainedPeriod]): The periods in which the user was a member, oldest first.
        summary (str): The same as a sentence. Example: bob joined at position 40, after the message was sent, and
            members see only what was sent during their stays..
        user (str): The user. Example: bob.
        visible (bool): Whether the queries serve the message to the user.
        why (VisibilityReason): The rule that decides whether a user sees a message. `member`: members see everything;
            `stay`:
            it was sent during a membership period of the user. Without its body: `recalled`, `erased`, or
            `expired` (erased by retention). Not at all: `no_conversation`, `no_message`, `not_yet` (the
            read model was not that far), `parked` (the projector could not fold the conversation),
            `never_member`, `left`, `before_join` (sent outside of the user's membership periods), or
            `cleared` (the user has removed it from their own view).
    """

    changes: list[ContentChange]
    checks: list[VisibilityCheck]
    conversation_id: str
    has_content: bool
    message_position: int | None
    position: int
    seq: int
    stays: list[ExplainedPeriod]
    summary: str
    user: str
    visible: bool
    why: VisibilityReason
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        changes = []
        for changes_item_data in self.changes:
            changes_item = changes_item_data.to_dict()
            changes.append(changes_item)

        checks = []
        for checks_item_data in self.checks:
            checks_item = checks_item_data.to_dict()
            checks.append(checks_item)

        conversation_id = self.conversation_id

        has_content = self.has_content

        message_position: int | None
        message_position = self.message_position

        position = self.position

        seq = self.seq

        stays = []
        for stays_item_data in self.stays:
            stays_item = stays_item_data.to_dict()
            stays.append(stays_item)

        summary = self.summary

        user = self.user

        visible = self.visible

        why = self.why.value

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "changes": changes,
                "checks": checks,
                "conversation_id": conversation_id,
                "has_content": has_content,
                "message_position": message_position,
                "position": position,
                "seq": seq,
                "stays": stays,
                "summary": summary,
                "user": user,
                "visible": visible,
                "why": why,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.content_change import ContentChange  # noqa: PLC0415
        from ..models.explained_period import ExplainedPeriod  # noqa: PLC0415
        from ..models.visibility_check import VisibilityCheck  # noqa: PLC0415

        d = dict(src_dict)
        changes = []
        _changes = d.pop("changes")
        for changes_item_data in _changes:
            changes_item = ContentChange.from_dict(changes_item_data)

            changes.append(changes_item)

        checks = []
        _checks = d.pop("checks")
        for checks_item_data in _checks:
            checks_item = VisibilityCheck.from_dict(checks_item_data)

            checks.append(checks_item)

        conversation_id = d.pop("conversation_id")

        has_content = d.pop("has_content")

        def _parse_message_position(data: object) -> int | None:
            if data is None:
                return data
            return cast(int | None, data)

        message_position = _parse_message_position(d.pop("message_position"))

        position = d.pop("position")

        seq = d.pop("seq")

        stays = []
        _stays = d.pop("stays")
        for stays_item_data in _stays:
            stays_item = ExplainedPeriod.from_dict(stays_item_data)

            stays.append(stays_item)

        summary = d.pop("summary")

        user = d.pop("user")

        visible = d.pop("visible")

        why = VisibilityReason(d.pop("why"))

        visibility_explanation = cls(
            changes=changes,
            checks=checks,
            conversation_id=conversation_id,
            has_content=has_content,
            message_position=message_position,
            position=position,
            seq=seq,
            stays=stays,
            summary=summary,
            user=user,
            visible=visible,
            why=why,
        )

        visibility_explanation.additional_properties = d
        return visibility_explanation

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
