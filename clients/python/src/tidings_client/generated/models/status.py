from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

if TYPE_CHECKING:
    from ..models.database_status import DatabaseStatus
    from ..models.disk_space import DiskSpace
    from ..models.mirror_progress import MirrorProgress
    from ..models.nats_status import NatsStatus
    from ..models.process_status import ProcessStatus
    from ..models.status_error import StatusError


T = TypeVar("T", bound="Status")


@_attrs_define
class Status:
    """The status of the system, and what this process does not send.

    Attributes:
        data (str): The path of the data directory.
        data_bytes (int): The size of the data directory in bytes, including a linked `servers` directory.
        disk (DiskSpace | None):
        shedding (list[str]): The live frames that this process does not send because the read models are far behind:
            `typing`, `presence`, `receipts`.
        state (str): `running`, `starting` (it does not serve requests yet), `stopped` or, if external servers
            are configured, `external`.
        database (DatabaseStatus | Unset): The status of the database.
        mirror (MirrorProgress | StatusError | Unset): The status of the mirror in NATS.
        nats (NatsStatus | Unset): Where NATS is.
        postgres_major (int | Unset): The major version of Postgres that the data directory is bound to.
        process (ProcessStatus | Unset): The process that runs on the data directory.
    """

    data: str
    data_bytes: int
    disk: DiskSpace | None
    shedding: list[str]
    state: str
    database: DatabaseStatus | Unset = UNSET
    mirror: MirrorProgress | StatusError | Unset = UNSET
    nats: NatsStatus | Unset = UNSET
    postgres_major: int | Unset = UNSET
    process: ProcessStatus | Unset = UNSET
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        from ..models.disk_space import DiskSpace  # noqa: PLC0415
        from ..models.mirror_progress import MirrorProgress  # noqa: PLC0415

        data = self.data

        data_bytes = self.data_bytes

        disk: dict[str, Any] | None
        if isinstance(self.disk, DiskSpace):
            disk = self.disk.to_dict()
        else:
            disk = self.disk

        shedding = self.shedding

        state = self.state

        database: dict[str, Any] | Unset = UNSET
        if not isinstance(self.database, Unset):
            database = self.database.to_dict()

        mirror: dict[str, Any] | Unset
        if isinstance(self.mirror, Unset):
            mirror = UNSET
        elif isinstance(self.mirror, MirrorProgress):
            mirror = self.mirror.to_dict()
        else:
            mirror = self.mirror.to_dict()

        nats: dict[str, Any] | Unset = UNSET
        if not isinstance(self.nats, Unset):
            nats = self.nats.to_dict()

        postgres_major = self.postgres_major

        process: dict[str, Any] | Unset = UNSET
        if not isinstance(self.process, Unset):
            process = self.process.to_dict()

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "data": data,
                "data_bytes": data_bytes,
                "disk": disk,
                "shedding": shedding,
                "state": state,
            }
        )
        if database is not UNSET:
            field_dict["database"] = database
        if mirror is not UNSET:
            field_dict["mirror"] = mirror
        if nats is not UNSET:
            field_dict["nats"] = nats
        if postgres_major is not UNSET:
            field_dict["postgres_major"] = postgres_major
        if process is not UNSET:
            field_dict["process"] = process

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.database_status import DatabaseStatus  # noqa: PLC0415
        from ..models.disk_space import DiskSpace  # noqa: PLC0415
        from ..models.mirror_progress import MirrorProgress  # noqa: PLC0415
        from ..models.nats_status import NatsStatus  # noqa: PLC0415
        from ..models.process_status import ProcessStatus  # noqa: PLC0415
        from ..models.status_error import StatusError  # noqa: PLC0415

        d = dict(src_dict)
        data = d.pop("data")

        data_bytes = d.pop("data_bytes")

        def _parse_disk(data: object) -> DiskSpace | None:
            if data is None:
                return data
            try:
                if not isinstance(data, dict):
                    raise TypeError()
                disk_type_0 = DiskSpace.from_dict(data)

                return disk_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(DiskSpace | None, data)

        disk = _parse_disk(d.pop("disk"))

        shedding = cast(list[str], d.pop("shedding"))

        state = d.pop("state")

        _database = d.pop("database", UNSET)
        database: DatabaseStatus | Unset
        if isinstance(_database, Unset):
            database = UNSET
        else:
            database = DatabaseStatus.from_dict(_database)

        def _parse_mirror(data: object) -> MirrorProgress | StatusError | Unset:
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, dict):
                    raise TypeError()
                componentsschemas_mirror_status_type_0 = MirrorProgress.from_dict(data)

                return componentsschemas_mirror_status_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            if not isinstance(data, dict):
                raise TypeError()
            componentsschemas_mirror_status_type_1 = StatusError.from_dict(data)

            return componentsschemas_mirror_status_type_1

        mirror = _parse_mirror(d.pop("mirror", UNSET))

        _nats = d.pop("nats", UNSET)
        nats: NatsStatus | Unset
        if isinstance(_nats, Unset):
            nats = UNSET
        else:
            nats = NatsStatus.from_dict(_nats)

        postgres_major = d.pop("postgres_major", UNSET)

        _process = d.pop("process", UNSET)
        process: ProcessStatus | Unset
        if isinstance(_process, Unset):
            process = UNSET
        else:
            process = ProcessStatus.from_dict(_process)

        status = cls(
            data=data,
            data_bytes=data_bytes,
            disk=disk,
            shedding=shedding,
            state=state,
            database=database,
            mirror=mirror,
            nats=nats,
            postgres_major=postgres_major,
            process=process,
        )

        status.additional_properties = d
        return status

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
