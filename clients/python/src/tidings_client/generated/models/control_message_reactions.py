from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

if TYPE_CHECKING:
    from ..models.reaction_summary import ReactionSummary


T = TypeVar("T", bound="ControlMessageReactions")


@_attrs_define
class ControlMessageReactions:
    """The users by reaction key, in the order of their reactions, up to a hundred for each key; or
    a summary by key, if the call asked for it or the list has more than 50 messages.

    """

    additional_properties: dict[str, list[str] | ReactionSummary] = _attrs_field(
        init=False, factory=dict
    )

    def to_dict(self) -> dict[str, Any]:

        field_dict: dict[str, Any] = {}
        for prop_name, prop in self.additional_properties.items():
            if isinstance(prop, list):
                field_dict[prop_name] = prop

            else:
                field_dict[prop_name] = prop.to_dict()

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.reaction_summary import ReactionSummary  # noqa: PLC0415

        d = dict(src_dict)
        control_message_reactions = cls()

        additional_properties = {}
        for prop_name, prop_dict in d.items():

            def _parse_additional_property(data: object) -> list[str] | ReactionSummary:
                try:
                    if not isinstance(data, list):
                        raise TypeError()
                    componentsschemas_reaction_users_type_0 = cast(list[str], data)

                    return componentsschemas_reaction_users_type_0
                except (TypeError, ValueError, AttributeError, KeyError):
                    pass
                if not isinstance(data, dict):
                    raise TypeError()
                componentsschemas_reaction_users_type_1 = ReactionSummary.from_dict(data)

                return componentsschemas_reaction_users_type_1

            additional_property = _parse_additional_property(prop_dict)

            additional_properties[prop_name] = additional_property

        control_message_reactions.additional_properties = additional_properties
        return control_message_reactions

    @property
    def additional_keys(self) -> list[str]:
        return list(self.additional_properties.keys())

    def __getitem__(self, key: str) -> list[str] | ReactionSummary:
        return self.additional_properties[key]

    def __setitem__(self, key: str, value: list[str] | ReactionSummary) -> None:
        self.additional_properties[key] = value

    def __delitem__(self, key: str) -> None:
        del self.additional_properties[key]

    def __contains__(self, key: str) -> bool:
        return key in self.additional_properties
