from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

if TYPE_CHECKING:
    from ..models.open_request_custom_type_0 import OpenRequestCustomType0


T = TypeVar("T", bound="OpenRequest")


@_attrs_define
class OpenRequest:
    """What a customer says first.

    Attributes:
        custom (None | OpenRequestCustomType0 | Unset): What the app says about the session, such as the page or the
            order that it is about: an
            object of at most 4 KiB. Agents get it with the session.
        text (None | str | Unset): A message, which is sent in the conversation.
    """

    custom: None | OpenRequestCustomType0 | Unset = UNSET
    text: None | str | Unset = UNSET
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        from ..models.open_request_custom_type_0 import OpenRequestCustomType0  # noqa: PLC0415

        custom: dict[str, Any] | None | Unset
        if isinstance(self.custom, Unset):
            custom = UNSET
        elif isinstance(self.custom, OpenRequestCustomType0):
            custom = self.custom.to_dict()
        else:
            custom = self.custom

        text: None | str | Unset
        if isinstance(self.text, Unset):
            text = UNSET
        else:
            text = self.text

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update({})
        if custom is not UNSET:
            field_dict["custom"] = custom
        if text is not UNSET:
            field_dict["text"] = text

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.open_request_custom_type_0 import OpenRequestCustomType0  # noqa: PLC0415

        d = dict(src_dict)

        def _parse_custom(data: object) -> None | OpenRequestCustomType0 | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, dict):
                    raise TypeError()
                custom_type_0 = OpenRequestCustomType0.from_dict(data)

                return custom_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(None | OpenRequestCustomType0 | Unset, data)

        custom = _parse_custom(d.pop("custom", UNSET))

        def _parse_text(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        text = _parse_text(d.pop("text", UNSET))

        open_request = cls(
            custom=custom,
            text=text,
        )

        open_request.additional_properties = d
        return open_request

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
