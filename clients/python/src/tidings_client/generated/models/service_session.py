from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..models.session_state import SessionState
from ..types import UNSET, Unset

if TYPE_CHECKING:
    from ..models.service_session_custom_type_0 import ServiceSessionCustomType0


T = TypeVar("T", bound="ServiceSession")


@_attrs_define
class ServiceSession:
    """A service session.

    Attributes:
        accepted_at (datetime.datetime | None): When it was accepted first.
        agent (None | str): The agent who has it, or had it when it was closed; null while it waits.
        closed_at (datetime.datetime | None): When it was closed. For one that closed by itself, when that was due.
        closed_by (None | str): Who closed it; `tidings` if it closed by itself.
        conversation_id (str): The conversation of the customer with that desk.
        custom (None | ServiceSessionCustomType0): What the app of the customer said about it.
        customer (str): The customer.
        desk (str): The desk that has it now.
        id (str): The id.
        last_agent_at (datetime.datetime | None): When an agent wrote last in the session.
        last_customer_at (datetime.datetime | None): When the customer wrote last in the session.
        opened_at (datetime.datetime): When it was opened.
        rating (int | None): The rating, 1 to 5.
        rating_text (None | str): What the customer wrote with the rating.
        reason (None | str): Why it was closed; `idle` if it closed by itself.
        reply_due_at (datetime.datetime | None): By when the customer is to have a reply: `reply_target` after the first
            message that no
            agent has answered. Null if there is none, and after the end.
        state (SessionState): Where a session is in its life.
        waiting_s (float): How long the customer waited for an agent, in seconds: until now, if the customer waits.
        tags (list[str] | Unset): The tags. The customer does not get them.
    """

    accepted_at: datetime.datetime | None
    agent: None | str
    closed_at: datetime.datetime | None
    closed_by: None | str
    conversation_id: str
    custom: None | ServiceSessionCustomType0
    customer: str
    desk: str
    id: str
    last_agent_at: datetime.datetime | None
    last_customer_at: datetime.datetime | None
    opened_at: datetime.datetime
    rating: int | None
    rating_text: None | str
    reason: None | str
    reply_due_at: datetime.datetime | None
    state: SessionState
    waiting_s: float
    tags: list[str] | Unset = UNSET
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        from ..models.service_session_custom_type_0 import ServiceSessionCustomType0  # noqa: PLC0415

        accepted_at: None | str
        if isinstance(self.accepted_at, datetime.datetime):
            accepted_at = self.accepted_at.isoformat()
        else:
            accepted_at = self.accepted_at

        agent: None | str
        agent = self.agent

        closed_at: None | str
        if isinstance(self.closed_at, datetime.datetime):
            closed_at = self.closed_at.isoformat()
        else:
            closed_at = self.closed_at

        closed_by: None | str
        closed_by = self.closed_by

        conversation_id = self.conversation_id

        custom: dict[str, Any] | None
        if isinstance(self.custom, ServiceSessionCustomType0):
            custom = self.custom.to_dict()
        else:
            custom = self.custom

        customer = self.customer

        desk = self.desk

        id = self.id

        last_agent_at: None | str
        if isinstance(self.last_agent_at, datetime.datetime):
            last_agent_at = self.last_agent_at.isoformat()
        else:
            last_agent_at = self.last_agent_at

        last_customer_at: None | str
        if isinstance(self.last_customer_at, datetime.datetime):
            last_customer_at = self.last_customer_at.isoformat()
        else:
            last_customer_at = self.last_customer_at

        opened_at = self.opened_at.isoformat()

        rating: int | None
        rating = self.rating

        rating_text: None | str
        rating_text = self.rating_text

        reason: None | str
        reason = self.reason

        reply_due_at: None | str
        if isinstance(self.reply_due_at, datetime.datetime):
            reply_due_at = self.reply_due_at.isoformat()
        else:
            reply_due_at = self.reply_due_at

        state = self.state.value

        waiting_s = self.waiting_s

        tags: list[str] | Unset = UNSET
        if not isinstance(self.tags, Unset):
            tags = self.tags

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "accepted_at": accepted_at,
                "agent": agent,
                "closed_at": closed_at,
                "closed_by": closed_by,
                "conversation_id": conversation_id,
                "custom": custom,
                "customer": customer,
                "desk": desk,
                "id": id,
                "last_agent_at": last_agent_at,
                "last_customer_at": last_customer_at,
                "opened_at": opened_at,
                "rating": rating,
                "rating_text": rating_text,
                "reason": reason,
                "reply_due_at": reply_due_at,
                "state": state,
                "waiting_s": waiting_s,
            }
        )
        if tags is not UNSET:
            field_dict["tags"] = tags

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.service_session_custom_type_0 import ServiceSessionCustomType0  # noqa: PLC0415

        d = dict(src_dict)

        def _parse_accepted_at(data: object) -> datetime.datetime | None:
            if data is None:
                return data
            try:
                if not isinstance(data, str):
                    raise TypeError()
                accepted_at_type_0 = datetime.datetime.fromisoformat(data)

                return accepted_at_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(datetime.datetime | None, data)

        accepted_at = _parse_accepted_at(d.pop("accepted_at"))

        def _parse_agent(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        agent = _parse_agent(d.pop("agent"))

        def _parse_closed_at(data: object) -> datetime.datetime | None:
            if data is None:
                return data
            try:
                if not isinstance(data, str):
                    raise TypeError()
                closed_at_type_0 = datetime.datetime.fromisoformat(data)

                return closed_at_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(datetime.datetime | None, data)

        closed_at = _parse_closed_at(d.pop("closed_at"))

        def _parse_closed_by(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        closed_by = _parse_closed_by(d.pop("closed_by"))

        conversation_id = d.pop("conversation_id")

        def _parse_custom(data: object) -> None | ServiceSessionCustomType0:
            if data is None:
                return data
            try:
                if not isinstance(data, dict):
                    raise TypeError()
                custom_type_0 = ServiceSessionCustomType0.from_dict(data)

                return custom_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(None | ServiceSessionCustomType0, data)

        custom = _parse_custom(d.pop("custom"))

        customer = d.pop("customer")

        desk = d.pop("desk")

        id = d.pop("id")

        def _parse_last_agent_at(data: object) -> datetime.datetime | None:
            if data is None:
                return data
            try:
                if not isinstance(data, str):
                    raise TypeError()
                last_agent_at_type_0 = datetime.datetime.fromisoformat(data)

                return last_agent_at_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(datetime.datetime | None, data)

        last_agent_at = _parse_last_agent_at(d.pop("last_agent_at"))

        def _parse_last_customer_at(data: object) -> datetime.datetime | None:
            if data is None:
                return data
            try:
                if not isinstance(data, str):
                    raise TypeError()
                last_customer_at_type_0 = datetime.datetime.fromisoformat(data)

                return last_customer_at_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(datetime.datetime | None, data)

        last_customer_at = _parse_last_customer_at(d.pop("last_customer_at"))

        opened_at = datetime.datetime.fromisoformat(d.pop("opened_at"))

        def _parse_rating(data: object) -> int | None:
            if data is None:
                return data
            return cast(int | None, data)

        rating = _parse_rating(d.pop("rating"))

        def _parse_rating_text(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        rating_text = _parse_rating_text(d.pop("rating_text"))

        def _parse_reason(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        reason = _parse_reason(d.pop("reason"))

        def _parse_reply_due_at(data: object) -> datetime.datetime | None:
            if data is None:
                return data
            try:
                if not isinstance(data, str):
                    raise TypeError()
                reply_due_at_type_0 = datetime.datetime.fromisoformat(data)

                return reply_due_at_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(datetime.datetime | None, data)

        reply_due_at = _parse_reply_due_at(d.pop("reply_due_at"))

        state = SessionState(d.pop("state"))

        waiting_s = d.pop("waiting_s")

        tags = cast(list[str], d.pop("tags", UNSET))

        service_session = cls(
            accepted_at=accepted_at,
            agent=agent,
            closed_at=closed_at,
            closed_by=closed_by,
            conversation_id=conversation_id,
            custom=custom,
            customer=customer,
            desk=desk,
            id=id,
            last_agent_at=last_agent_at,
            last_customer_at=last_customer_at,
            opened_at=opened_at,
            rating=rating,
            rating_text=rating_text,
            reason=reason,
            reply_due_at=reply_due_at,
            state=state,
            waiting_s=waiting_s,
            tags=tags,
        )

        service_session.additional_properties = d
        return service_session

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
