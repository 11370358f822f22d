from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import Any, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

T = TypeVar("T", bound="CaseAct")


@_attrs_define
class CaseAct:
    """Something that happened in a case. Each type has fields of its own; the others are absent.

    Attributes:
        at (datetime.datetime): When it happened.
        position (int): The log position.
        type_ (str): `case_opened`, `report_filed`, `evidence_added`, `case_resolved` or `case_reopened`.
        action (None | str | Unset): Of a resolution: what was done.
        by (None | str | Unset): Of a resolution and a reopening: the moderator.
        detail (None | str | Unset): Of evidence: which lists or rules.
        kind (None | str | Unset): Of an opening: why, as in `kind` of a case.
        note (None | str | Unset): Of a report and of a resolution: what the user wrote.
        reason (None | str | Unset): Of a report: `spam`, `abuse`, `illegal` or `other`.
        reporter (None | str | Unset): Of a report: the user who reported it.
        source_position (int | None | Unset): Of evidence: the position of the event in which it was found.
        until (datetime.datetime | None | Unset): Of a resolution: when the silence or ban ends by itself.
        user (None | str | Unset): Of evidence: whose doing it is. Of a resolution: who was silenced or banned.
    """

    at: datetime.datetime
    position: int
    type_: str
    action: None | str | Unset = UNSET
    by: None | str | Unset = UNSET
    detail: None | str | Unset = UNSET
    kind: None | str | Unset = UNSET
    note: None | str | Unset = UNSET
    reason: None | str | Unset = UNSET
    reporter: None | str | Unset = UNSET
    source_position: int | None | Unset = UNSET
    until: datetime.datetime | None | Unset = UNSET
    user: None | str | Unset = UNSET
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        at = self.at.isoformat()

        position = self.position

        type_ = self.type_

        action: None | str | Unset
        if isinstance(self.action, Unset):
            action = UNSET
        else:
            action = self.action

        by: None | str | Unset
        if isinstance(self.by, Unset):
            by = UNSET
        else:
            by = self.by

        detail: None | str | Unset
        if isinstance(self.detail, Unset):
            detail = UNSET
        else:
            detail = self.detail

        kind: None | str | Unset
        if isinstance(self.kind, Unset):
            kind = UNSET
        else:
            kind = self.kind

        note: None | str | Unset
        if isinstance(self.note, Unset):
            note = UNSET
        else:
            note = self.note

        reason: None | str | Unset
        if isinstance(self.reason, Unset):
            reason = UNSET
        else:
            reason = self.reason

        reporter: None | str | Unset
        if isinstance(self.reporter, Unset):
            reporter = UNSET
        else:
            reporter = self.reporter

        source_position: int | None | Unset
        if isinstance(self.source_position, Unset):
            source_position = UNSET
        else:
            source_position = self.source_position

        until: None | str | Unset
        if isinstance(self.until, Unset):
            until = UNSET
        elif isinstance(self.until, datetime.datetime):
            until = self.until.isoformat()
        else:
            until = self.until

        user: None | str | Unset
        if isinstance(self.user, Unset):
            user = UNSET
        else:
            user = self.user

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "at": at,
                "position": position,
                "type": type_,
            }
        )
        if action is not UNSET:
            field_dict["action"] = action
        if by is not UNSET:
            field_dict["by"] = by
        if detail is not UNSET:
            field_dict["detail"] = detail
        if kind is not UNSET:
            field_dict["kind"] = kind
        if note is not UNSET:
            field_dict["note"] = note
        if reason is not UNSET:
            field_dict["reason"] = reason
        if reporter is not UNSET:
            field_dict["reporter"] = reporter
        if source_position is not UNSET:
            field_dict["source_position"] = source_position
        if until is not UNSET:
            field_dict["until"] = until
        if user is not UNSET:
            field_dict["user"] = user

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        at = datetime.datetime.fromisoformat(d.pop("at"))

        position = d.pop("position")

        type_ = d.pop("type")

        def _parse_action(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        action = _parse_action(d.pop("action", UNSET))

        def _parse_by(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        by = _parse_by(d.pop("by", UNSET))

        def _parse_detail(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        detail = _parse_detail(d.pop("detail", UNSET))

        def _parse_kind(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        kind = _parse_kind(d.pop("kind", UNSET))

        def _parse_note(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        note = _parse_note(d.pop("note", UNSET))

        def _parse_reason(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        reason = _parse_reason(d.pop("reason", UNSET))

        def _parse_reporter(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        reporter = _parse_reporter(d.pop("reporter", UNSET))

        def _parse_source_position(data: object) -> int | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(int | None | Unset, data)

        source_position = _parse_source_position(d.pop("source_position", UNSET))

        def _parse_until(data: object) -> datetime.datetime | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, str):
                    raise TypeError()
                until_type_0 = datetime.datetime.fromisoformat(data)

                return until_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(datetime.datetime | None | Unset, data)

        until = _parse_until(d.pop("until", UNSET))

        def _parse_user(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        user = _parse_user(d.pop("user", UNSET))

        case_act = cls(
            at=at,
            position=position,
            type_=type_,
            action=action,
            by=by,
            detail=detail,
            kind=kind,
            note=note,
            reason=reason,
            reporter=reporter,
            source_position=source_position,
            until=until,
            user=user,
        )

        case_act.additional_properties = d
        return case_act

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
