from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..models.content_action_schema import ContentActionSchema
from ..models.text_place_schema import TextPlaceSchema
from ..models.word_matching_schema import WordMatchingSchema
from ..types import UNSET, Unset

T = TypeVar("T", bound="WordListRequest")


@_attrs_define
class WordListRequest:
    """A word list.

    Attributes:
        action (ContentActionSchema): The action of a rule, for the API document.
        match (WordMatchingSchema): Where words may stand, for the API document.
        words (list[str]): The words, up to 100,000, each of 1 to 100 characters.
        in_ (list[TextPlaceSchema] | None | Unset): The texts that the list checks: message texts, titles and topics,
            display names. By default
            all of them.
    """

    action: ContentActionSchema
    match: WordMatchingSchema
    words: list[str]
    in_: list[TextPlaceSchema] | None | Unset = UNSET
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        action = self.action.value

        match = self.match.value

        words = self.words

        in_: list[str] | None | Unset
        if isinstance(self.in_, Unset):
            in_ = UNSET
        elif isinstance(self.in_, list):
            in_ = []
            for in_type_0_item_data in self.in_:
                in_type_0_item = in_type_0_item_data.value
                in_.append(in_type_0_item)

        else:
            in_ = self.in_

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "action": action,
                "match": match,
                "words": words,
            }
        )
        if in_ is not UNSET:
            field_dict["in"] = in_

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        action = ContentActionSchema(d.pop("action"))

        match = WordMatchingSchema(d.pop("match"))

        words = cast(list[str], d.pop("words"))

        def _parse_in_(data: object) -> list[TextPlaceSchema] | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, list):
                    raise TypeError()
                in_type_0 = []
                _in_type_0 = data
                for in_type_0_item_data in _in_type_0:
                    in_type_0_item = TextPlaceSchema(in_type_0_item_data)

                    in_type_0.append(in_type_0_item)

                return in_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(list[TextPlaceSchema] | None | Unset, data)

        in_ = _parse_in_(d.pop("in", UNSET))

        word_list_request = cls(
            action=action,
            match=match,
            words=words,
            in_=in_,
        )

        word_list_request.additional_properties = d
        return word_list_request

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
