from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

T = TypeVar("T", bound="Desk")


@_attrs_define
class Desk:
    """The settings of a desk.

    Attributes:
        agents (list[str]): The agents, in the order of their turns.
        greeting (None | str): The first message of every session; null if there is none.
        id (str): The id.
        idle_close (str): How long after the last message a session closes by itself.
        max_open (int): Automatic routing gives no session to an agent who has this many.
        open_ (int): The number of sessions that have one.
        reminders (bool): Whether agents are reminded of a customer who has no reply within `reply_target`.
        reply_target (str): Within which time a customer is to have a reply.
        routing (str): `manual`, `round_robin` or `least_busy`.
        title (str): The name that people see.
        waiting (int): The number of sessions that wait for an agent.
    """

    agents: list[str]
    greeting: None | str
    id: str
    idle_close: str
    max_open: int
    open_: int
    reminders: bool
    reply_target: str
    routing: str
    title: str
    waiting: int
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        agents = self.agents

        greeting: None | str
        greeting = self.greeting

        id = self.id

        idle_close = self.idle_close

        max_open = self.max_open

        open_ = self.open_

        reminders = self.reminders

        reply_target = self.reply_target

        routing = self.routing

        title = self.title

        waiting = self.waiting

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "agents": agents,
                "greeting": greeting,
                "id": id,
                "idle_close": idle_close,
                "max_open": max_open,
                "open": open_,
                "reminders": reminders,
                "reply_target": reply_target,
                "routing": routing,
                "title": title,
                "waiting": waiting,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        agents = cast(list[str], d.pop("agents"))

        def _parse_greeting(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        greeting = _parse_greeting(d.pop("greeting"))

        id = d.pop("id")

        idle_close = d.pop("idle_close")

        max_open = d.pop("max_open")

        open_ = d.pop("open")

        reminders = d.pop("reminders")

        reply_target = d.pop("reply_target")

        routing = d.pop("routing")

        title = d.pop("title")

        waiting = d.pop("waiting")

        desk = cls(
            agents=agents,
            greeting=greeting,
            id=id,
            idle_close=idle_close,
            max_open=max_open,
            open_=open_,
            reminders=reminders,
            reply_target=reply_target,
            routing=routing,
            title=title,
            waiting=waiting,
        )

        desk.additional_properties = d
        return desk

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
