from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..models.case_kind import CaseKind
from ..models.case_state import CaseState

if TYPE_CHECKING:
    from ..models.case_target import CaseTarget


T = TypeVar("T", bound="Case")


@_attrs_define
class Case:
    """A case in a list.

    Attributes:
        excerpt (None | str): The beginning of the text, up to 200 characters: of the message, of the title, or the name
            of the user. Null if there is none, or none that the caller can see.
        id (str): The id.
        kind (CaseKind): Why a case was opened.
        opened_at (datetime.datetime): When it was opened last.
        reports (int): How many users have reported it.
        state (CaseState): Whether a case is open.
        target (CaseTarget): What a case is about: a message, the title of a conversation, a user, or a message that is
            held.
    """

    excerpt: None | str
    id: str
    kind: CaseKind
    opened_at: datetime.datetime
    reports: int
    state: CaseState
    target: CaseTarget
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        excerpt: None | str
        excerpt = self.excerpt

        id = self.id

        kind = self.kind.value

        opened_at = self.opened_at.isoformat()

        reports = self.reports

        state = self.state.value

        target = self.target.to_dict()

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "excerpt": excerpt,
                "id": id,
                "kind": kind,
                "opened_at": opened_at,
                "reports": reports,
                "state": state,
                "target": target,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.case_target import CaseTarget  # noqa: PLC0415

        d = dict(src_dict)

        def _parse_excerpt(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        excerpt = _parse_excerpt(d.pop("excerpt"))

        id = d.pop("id")

        kind = CaseKind(d.pop("kind"))

        opened_at = datetime.datetime.fromisoformat(d.pop("opened_at"))

        reports = d.pop("reports")

        state = CaseState(d.pop("state"))

        target = CaseTarget.from_dict(d.pop("target"))

        case = cls(
            excerpt=excerpt,
            id=id,
            kind=kind,
            opened_at=opened_at,
            reports=reports,
            state=state,
            target=target,
        )

        case.additional_properties = d
        return case

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
