from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..models.desk_routing import DeskRouting
from ..types import UNSET, Unset

T = TypeVar("T", bound="DeskRequest")


@_attrs_define
class DeskRequest:
    """All settings of a desk.

    Attributes:
        title (str): The name that people see.
        agents (list[str] | Unset): The agents, in the order of their turns.
        greeting (None | str | Unset): The first message of every session.
        idle_close (str | Unset): How long after the last message of either side a session closes by itself, such as
            `30s`,
            `10m` or `2h`. Sessions that are open keep theirs. Default: '10m'.
        max_open (int | Unset): Automatic routing gives no session to an agent who has this many, at all desks together.
            Default: 5.
        reminders (bool | Unset): Whether agents are reminded, once, of a customer who has no reply within
            `reply_target`.
            Sessions that are open keep theirs. Default: False.
        reply_target (str | Unset): Within which time a customer is to have a reply. Default: '5m'.
        routing (DeskRouting | Unset): How waiting sessions get an agent, for the API document.
    """

    title: str
    agents: list[str] | Unset = UNSET
    greeting: None | str | Unset = UNSET
    idle_close: str | Unset = "10m"
    max_open: int | Unset = 5
    reminders: bool | Unset = False
    reply_target: str | Unset = "5m"
    routing: DeskRouting | Unset = UNSET
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        title = self.title

        agents: list[str] | Unset = UNSET
        if not isinstance(self.agents, Unset):
            agents = self.agents

        greeting: None | str | Unset
        if isinstance(self.greeting, Unset):
            greeting = UNSET
        else:
            greeting = self.greeting

        idle_close = self.idle_close

        max_open = self.max_open

        reminders = self.reminders

        reply_target = self.reply_target

        routing: str | Unset = UNSET
        if not isinstance(self.routing, Unset):
            routing = self.routing.value

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "title": title,
            }
        )
        if agents is not UNSET:
            field_dict["agents"] = agents
        if greeting is not UNSET:
            field_dict["greeting"] = greeting
        if idle_close is not UNSET:
            field_dict["idle_close"] = idle_close
        if max_open is not UNSET:
            field_dict["max_open"] = max_open
        if reminders is not UNSET:
            field_dict["reminders"] = reminders
        if reply_target is not UNSET:
            field_dict["reply_target"] = reply_target
        if routing is not UNSET:
            field_dict["routing"] = routing

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        title = d.pop("title")

        agents = cast(list[str], d.pop("agents", UNSET))

        def _parse_greeting(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        greeting = _parse_greeting(d.pop("greeting", UNSET))

        idle_close = d.pop("idle_close", UNSET)

        max_open = d.pop("max_open", UNSET)

        reminders = d.pop("reminders", UNSET)

        reply_target = d.pop("reply_target", UNSET)

        _routing = d.pop("routing", UNSET)
        routing: DeskRouting | Unset
        if isinstance(_routing, Unset):
            routing = UNSET
        else:
            routing = DeskRouting(_routing)

        desk_request = cls(
            title=title,
            agents=agents,
            greeting=greeting,
            idle_close=idle_close,
            max_open=max_open,
            reminders=reminders,
            reply_target=reply_target,
            routing=routing,
        )

        desk_request.additional_properties = d
        return desk_request

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
