from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import Any, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

T = TypeVar("T", bound="WordListSummary")


@_attrs_define
class WordListSummary:
    """A word list without its words.

    Attributes:
        action (str): What happens to a text with one of the words: `refuse`, `mask` or `flag`.
        at (datetime.datetime): The time of the last change.
        by (str): Who set it.
        in_ (list[str]): The texts that it checks: `text`, `title`, `name`.
        match (str): Where a word may stand: `word` or `anywhere`.
        name (str): The name.
        word_count (int): The number of words.
    """

    action: str
    at: datetime.datetime
    by: str
    in_: list[str]
    match: str
    name: str
    word_count: int
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        action = self.action

        at = self.at.isoformat()

        by = self.by

        in_ = self.in_

        match = self.match

        name = self.name

        word_count = self.word_count

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "action": action,
                "at": at,
                "by": by,
                "in": in_,
                "match": match,
                "name": name,
                "word_count": word_count,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        action = d.pop("action")

        at = datetime.datetime.fromisoformat(d.pop("at"))

        by = d.pop("by")

        in_ = cast(list[str], d.pop("in"))

        match = d.pop("match")

        name = d.pop("name")

        word_count = d.pop("word_count")

        word_list_summary = cls(
            action=action,
            at=at,
            by=by,
            in_=in_,
            match=match,
            name=name,
            word_count=word_count,
        )

        word_list_summary.additional_properties = d
        return word_list_summary

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
