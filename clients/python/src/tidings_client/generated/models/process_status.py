from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import Any, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

T = TypeVar("T", bound="ProcessStatus")


@_attrs_define
class ProcessStatus:
    """The process that runs on the data directory.

    Attributes:
        address (str): The base URL of its HTTP port.
        pid (int): The process id.
        servers (list[str]): Its embedded servers.
        started_at (datetime.datetime): The time at which it started.
    """

    address: str
    pid: int
    servers: list[str]
    started_at: datetime.datetime
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        address = self.address

        pid = self.pid

        servers = self.servers

        started_at = self.started_at.isoformat()

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "address": address,
                "pid": pid,
                "servers": servers,
                "started_at": started_at,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        address = d.pop("address")

        pid = d.pop("pid")

        servers = cast(list[str], d.pop("servers"))

        started_at = datetime.datetime.fromisoformat(d.pop("started_at"))

        process_status = cls(
            address=address,
            pid=pid,
            servers=servers,
            started_at=started_at,
        )

        process_status.additional_properties = d
        return process_status

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
