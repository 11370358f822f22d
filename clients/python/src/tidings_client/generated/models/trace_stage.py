from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import Any, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

T = TypeVar("T", bound="TraceStage")


@_attrs_define
class TraceStage:
    """One stage of a message.

    Attributes:
        at (datetime.datetime | None): When; null if it has not happened, or if its time is not stored, which `detail`
            says.
        detail (str): The facts, as a sentence. Example: The commit gave it position 37..
        position (int | None): How far the stage is: the position up to which it is complete. Example: 412.
        stage (str): `stored`, `mirrored`, `projected`, `indexed`, `sealed` or `erased`. Example: stored.
        state (str): `done`, `pending`, `absent` (it will not happen, or is undone), `parked`, or `unknown`. Example:
            done.
    """

    at: datetime.datetime | None
    detail: str
    position: int | None
    stage: str
    state: str
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        at: None | str
        if isinstance(self.at, datetime.datetime):
            at = self.at.isoformat()
        else:
            at = self.at

        detail = self.detail

        position: int | None
        position = self.position

        stage = self.stage

        state = self.state

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "at": at,
                "detail": detail,
                "position": position,
                "stage": stage,
                "state": state,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)

        def _parse_at(data: object) -> datetime.datetime | None:
            if data is None:
                return data
            try:
                if not isinstance(data, str):
                    raise TypeError()
                at_type_0 = datetime.datetime.fromisoformat(data)

                return at_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(datetime.datetime | None, data)

        at = _parse_at(d.pop("at"))

        detail = d.pop("detail")

        def _parse_position(data: object) -> int | None:
            if data is None:
                return data
            return cast(int | None, data)

        position = _parse_position(d.pop("position"))

        stage = d.pop("stage")

        state = d.pop("state")

        trace_stage = cls(
            at=at,
            detail=detail,
            position=position,
            stage=stage,
            state=state,
        )

        trace_stage.additional_properties = d
        return trace_stage

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
