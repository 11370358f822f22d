from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

T = TypeVar("T", bound="DeskMetricsRow")


@_attrs_define
class DeskMetricsRow:
    """The figures of a day, an hour or an agent. Times are in seconds; null if there are none.

    Attributes:
        abandoned (int): The sessions that were closed while they waited.
        accepted (int): The sessions that were accepted for the first time.
        closed (int): The sessions that were closed.
        due (int): The stretches of customer messages, with no answer of an agent between them, that began.
        first_reply_p50_s (float | None): The median time from opening to the first message of an agent.
        first_reply_p95_s (float | None): The 95th percentile of it.
        handling_p50_s (float | None): The median time from the first acceptance to closing.
        key (str): The day, the hour or the agent.
        messages (int): The messages of both sides, without those of the system.
        opened (int): The sessions that were opened at the desk.
        rating_avg (float | None): The mean rating of the sessions that were closed.
        replied_in_target (int): The stretches of customer messages that were answered within `reply_target` of their
            first
            message.
        reply_rate (float | None): The share of stretches that were answered in time.
        transferred (int): The transfers to other agents and desks.
        waiting_p50_s (float | None): The median time from opening to the first acceptance.
        waiting_p95_s (float | None): The 95th percentile of it.
    """

    abandoned: int
    accepted: int
    closed: int
    due: int
    first_reply_p50_s: float | None
    first_reply_p95_s: float | None
    handling_p50_s: float | None
    key: str
    messages: int
    opened: int
    rating_avg: float | None
    replied_in_target: int
    reply_rate: float | None
    transferred: int
    waiting_p50_s: float | None
    waiting_p95_s: float | None
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        abandoned = self.abandoned

        accepted = self.accepted

        closed = self.closed

        due = self.due

        first_reply_p50_s: float | None
        first_reply_p50_s = self.first_reply_p50_s

        first_reply_p95_s: float | None
        first_reply_p95_s = self.first_reply_p95_s

        handling_p50_s: float | None
        handling_p50_s = self.handling_p50_s

        key = self.key

        messages = self.messages

        opened = self.opened

        rating_avg: float | None
        rating_avg = self.rating_avg

        replied_in_target = self.replied_in_target

        reply_rate: float | None
        reply_rate = self.reply_rate

        transferred = self.transferred

        waiting_p50_s: float | None
        waiting_p50_s = self.waiting_p50_s

        waiting_p95_s: float | None
        waiting_p95_s = self.waiting_p95_s

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "abandoned": abandoned,
                "accepted": accepted,
                "closed": closed,
                "due": due,
                "first_reply_p50_s": first_reply_p50_s,
                "first_reply_p95_s": first_reply_p95_s,
                "handling_p50_s": handling_p50_s,
                "key": key,
                "messages": messages,
                "opened": opened,
                "rating_avg": rating_avg,
                "replied_in_target": replied_in_target,
                "reply_rate": reply_rate,
                "transferred": transferred,
                "waiting_p50_s": waiting_p50_s,
                "waiting_p95_s": waiting_p95_s,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        abandoned = d.pop("abandoned")

        accepted = d.pop("accepted")

        closed = d.pop("closed")

        due = d.pop("due")

        def _parse_first_reply_p50_s(data: object) -> float | None:
            if data is None:
                return data
            return cast(float | None, data)

        first_reply_p50_s = _parse_first_reply_p50_s(d.pop("first_reply_p50_s"))

        def _parse_first_reply_p95_s(data: object) -> float | None:
            if data is None:
                return data
            return cast(float | None, data)

        first_reply_p95_s = _parse_first_reply_p95_s(d.pop("first_reply_p95_s"))

        def _parse_handling_p50_s(data: object) -> float | None:
            if data is None:
                return data
            return cast(float | None, data)

        handling_p50_s = _parse_handling_p50_s(d.pop("handling_p50_s"))

        key = d.pop("key")

        messages = d.pop("messages")

        opened = d.pop("opened")

        def _parse_rating_avg(data: object) -> float | None:
            if data is None:
                return data
            return cast(float | None, data)

        rating_avg = _parse_rating_avg(d.pop("rating_avg"))

        replied_in_target = d.pop("replied_in_target")

        def _parse_reply_rate(data: object) -> float | None:
            if data is None:
                return data
            return cast(float | None, data)

        reply_rate = _parse_reply_rate(d.pop("reply_rate"))

        transferred = d.pop("transferred")

        def _parse_waiting_p50_s(data: object) -> float | None:
            if data is None:
                return data
            return cast(float | None, data)

        waiting_p50_s = _parse_waiting_p50_s(d.pop("waiting_p50_s"))

        def _parse_waiting_p95_s(data: object) -> float | None:
            if data is None:
                return data
            return cast(float | None, data)

        waiting_p95_s = _parse_waiting_p95_s(d.pop("waiting_p95_s"))

        desk_metrics_row = cls(
            abandoned=abandoned,
            accepted=accepted,
            closed=closed,
            due=due,
            first_reply_p50_s=first_reply_p50_s,
            first_reply_p95_s=first_reply_p95_s,
            handling_p50_s=handling_p50_s,
            key=key,
            messages=messages,
            opened=opened,
            rating_avg=rating_avg,
            replied_in_target=replied_in_target,
            reply_rate=reply_rate,
            transferred=transferred,
            waiting_p50_s=waiting_p50_s,
            waiting_p95_s=waiting_p95_s,
        )

        desk_metrics_row.additional_properties = d
        return desk_metrics_row

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
