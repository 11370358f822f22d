from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..models.refused_frame_type import RefusedFrameType

T = TypeVar("T", bound="RefusedFrame")


@_attrs_define
class RefusedFrame:
    """A frame of the client was not carried out. The connection goes on.

    Attributes:
        code (str): The stable error code, in snake_case, for programs: `device_missing` for an acknowledgement
            over a connection that names no device. Example: device_missing.
        detail (str): A description of the reason, for humans.
        frame (str): The type of that frame. Example: ack.
        status (int): The HTTP status that corresponds to the reason.
        title (str): The reason phrase of the status.
        type_ (RefusedFrameType):
    """

    code: str
    detail: str
    frame: str
    status: int
    title: str
    type_: RefusedFrameType
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        code = self.code

        detail = self.detail

        frame = self.frame

        status = self.status

        title = self.title

        type_ = self.type_.value

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "code": code,
                "detail": detail,
                "frame": frame,
                "status": status,
                "title": title,
                "type": type_,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        code = d.pop("code")

        detail = d.pop("detail")

        frame = d.pop("frame")

        status = d.pop("status")

        title = d.pop("title")

        type_ = RefusedFrameType(d.pop("type"))

        refused_frame = cls(
            code=code,
            detail=detail,
            frame=frame,
            status=status,
            title=title,
            type_=type_,
        )

        refused_frame.additional_properties = d
        return refused_frame

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
