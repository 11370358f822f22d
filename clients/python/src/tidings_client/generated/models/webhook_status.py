from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import Any, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

T = TypeVar("T", bound="WebhookStatus")


@_attrs_define
class WebhookStatus:
    """The status of a webhook, as operators see it. The field names are the JSON output.

    Attributes:
        delivered (int): The number of accepted deliveries.
        delivered_at (datetime.datetime | None): The time of the last accepted delivery.
        error (None | str): The reason of the last failure.
        error_at (datetime.datetime | None): The time of the last failure.
        head (int): The head of the log.
        id (int): The id of the webhook.
        kind (str): `events` or `notifications`.
        parked (int): The number of parked events and notifications.
        position (int): The log position up to which everything was delivered, waits or is parked.
        state (str): `on`, `off`, or `gone` if the receiver answered 410.
        types (list[str]): For `events`: the event types to deliver; all if empty.
        url (str): The address to deliver to.
        waiting (int): The number of waiting events and notifications.
    """

    delivered: int
    delivered_at: datetime.datetime | None
    error: None | str
    error_at: datetime.datetime | None
    head: int
    id: int
    kind: str
    parked: int
    position: int
    state: str
    types: list[str]
    url: str
    waiting: int
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        delivered = self.delivered

        delivered_at: None | str
        if isinstance(self.delivered_at, datetime.datetime):
            delivered_at = self.delivered_at.isoformat()
        else:
            delivered_at = self.delivered_at

        error: None | str
        error = self.error

        error_at: None | str
        if isinstance(self.error_at, datetime.datetime):
            error_at = self.error_at.isoformat()
        else:
            error_at = self.error_at

        head = self.head

        id = self.id

        kind = self.kind

        parked = self.parked

        position = self.position

        state = self.state

        types = self.types

        url = self.url

        waiting = self.waiting

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "delivered": delivered,
                "delivered_at": delivered_at,
                "error": error,
                "error_at": error_at,
                "head": head,
                "id": id,
                "kind": kind,
                "parked": parked,
                "position": position,
                "state": state,
                "types": types,
                "url": url,
                "waiting": waiting,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        delivered = d.pop("delivered")

        def _parse_delivered_at(data: object) -> datetime.datetime | None:
            if data is None:
                return data
            try:
                if not isinstance(data, str):
                    raise TypeError()
                delivered_at_type_0 = datetime.datetime.fromisoformat(data)

                return delivered_at_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(datetime.datetime | None, data)

        delivered_at = _parse_delivered_at(d.pop("delivered_at"))

        def _parse_error(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        error = _parse_error(d.pop("error"))

        def _parse_error_at(data: object) -> datetime.datetime | None:
            if data is None:
                return data
            try:
                if not isinstance(data, str):
                    raise TypeError()
                error_at_type_0 = datetime.datetime.fromisoformat(data)

                return error_at_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(datetime.datetime | None, data)

        error_at = _parse_error_at(d.pop("error_at"))

        head = d.pop("head")

        id = d.pop("id")

        kind = d.pop("kind")

        parked = d.pop("parked")

        position = d.pop("position")

        state = d.pop("state")

        types = cast(list[str], d.pop("types"))

        url = d.pop("url")

        waiting = d.pop("waiting")

        webhook_status = cls(
            delivered=delivered,
            delivered_at=delivered_at,
            error=error,
            error_at=error_at,
            head=head,
            id=id,
            kind=kind,
            parked=parked,
            position=position,
            state=state,
            types=types,
            url=url,
            waiting=waiting,
        )

        webhook_status.additional_properties = d
        return webhook_status

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
