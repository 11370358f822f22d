from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

if TYPE_CHECKING:
    from ..models.erasure_progress import ErasureProgress
    from ..models.moderation_lag import ModerationLag
    from ..models.projection_lag import ProjectionLag
    from ..models.recent_sends import RecentSends
    from ..models.retention_progress import RetentionProgress
    from ..models.seal_status import SealStatus
    from ..models.search_index_progress import SearchIndexProgress
    from ..models.session_status import SessionStatus
    from ..models.slow_statement import SlowStatement
    from ..models.status_error import StatusError
    from ..models.storage_sizes import StorageSizes
    from ..models.webhook_status import WebhookStatus
    from ..models.write_ahead_log import WriteAheadLog


T = TypeVar("T", bound="DatabaseStatus")


@_attrs_define
class DatabaseStatus:
    """The status of the database.

    Attributes:
        erasure (ErasureProgress): The progress of erasure.
        head_time (datetime.datetime): The time of the log's last event.
        moderation (ModerationLag): How far what follows the log for moderators lags behind it.
        parked_events (int): The number of parked events: those that could not be folded, and those that wait behind
            them.
        projection (ProjectionLag): The lag of the read model behind the log.
        recent_sends (RecentSends): The end of the log by conversation.
        retention (list[RetentionProgress]): The positions up to which retention has erased expired messages.
        seal (None | SealStatus):
        search (SearchIndexProgress | StatusError): The status of the search index.
        sessions (SessionStatus): The sessions of Postgres.
        sizes (StorageSizes): Sizes on disk in bytes, including database indexes.
        slow_statements (list[SlowStatement]): The statements that have been running for more than a second, the slowest
            first.
        sync_floor (int): Sync entries at or before this position have been removed, because of the offline window.
        url (str): The address, with the password masked.
        version (str): The version of Postgres.
        wal (WriteAheadLog): The write-ahead log of Postgres.
        webhooks (list[WebhookStatus]): The webhooks.
    """

    erasure: ErasureProgress
    head_time: datetime.datetime
    moderation: ModerationLag
    parked_events: int
    projection: ProjectionLag
    recent_sends: RecentSends
    retention: list[RetentionProgress]
    seal: None | SealStatus
    search: SearchIndexProgress | StatusError
    sessions: SessionStatus
    sizes: StorageSizes
    slow_statements: list[SlowStatement]
    sync_floor: int
    url: str
    version: str
    wal: WriteAheadLog
    webhooks: list[WebhookStatus]
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        from ..models.seal_status import SealStatus  # noqa: PLC0415
        from ..models.search_index_progress import SearchIndexProgress  # noqa: PLC0415

        erasure = self.erasure.to_dict()

        head_time = self.head_time.isoformat()

        moderation = self.moderation.to_dict()

        parked_events = self.parked_events

        projection = self.projection.to_dict()

        recent_sends = self.recent_sends.to_dict()

        retention = []
        for retention_item_data in self.retention:
            retention_item = retention_item_data.to_dict()
            retention.append(retention_item)

        seal: dict[str, Any] | None
        if isinstance(self.seal, SealStatus):
            seal = self.seal.to_dict()
        else:
            seal = self.seal

        search: dict[str, Any]
        if isinstance(self.search, SearchIndexProgress):
            search = self.search.to_dict()
        else:
            search = self.search.to_dict()

        sessions = self.sessions.to_dict()

        sizes = self.sizes.to_dict()

        slow_statements = []
        for slow_statements_item_data in self.slow_statements:
            slow_statements_item = slow_statements_item_data.to_dict()
            slow_statements.append(slow_statements_item)

        sync_floor = self.sync_floor

        url = self.url

        version = self.version

        wal = self.wal.to_dict()

        webhooks = []
        for webhooks_item_data in self.webhooks:
            webhooks_item = webhooks_item_data.to_dict()
            webhooks.append(webhooks_item)

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "erasure": erasure,
                "head_time": head_time,
                "moderation": moderation,
                "parked_events": parked_events,
                "projection": projection,
                "recent_sends": recent_sends,
                "retention": retention,
                "seal": seal,
                "search": search,
                "sessions": sessions,
                "sizes": sizes,
                "slow_statements": slow_statements,
                "sync_floor": sync_floor,
                "url": url,
                "version": version,
                "wal": wal,
                "webhooks": webhooks,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.erasure_progress import ErasureProgress  # noqa: PLC0415
        from ..models.moderation_lag import ModerationLag  # noqa: PLC0415
        from ..models.projection_lag import ProjectionLag  # noqa: PLC0415
        from ..models.recent_sends import RecentSends  # noqa: PLC0415
        from ..models.retention_progress import RetentionProgress  # noqa: PLC0415
        from ..models.seal_status import SealStatus  # noqa: PLC0415
        from ..models.search_index_progress import SearchIndexProgress  # noqa: PLC0415
        from ..models.session_status import SessionStatus  # noqa: PLC0415
        from ..models.slow_statement import SlowStatement  # noqa: PLC0415
        from ..models.status_error import StatusError  # noqa: PLC0415
        from ..models.storage_sizes import StorageSizes  # noqa: PLC0415
        from ..models.webhook_status import WebhookStatus  # noqa: PLC0415
        from ..models.write_ahead_log import WriteAheadLog  # noqa: PLC0415

        d = dict(src_dict)
        erasure = ErasureProgress.from_dict(d.pop("erasure"))

        head_time = datetime.datetime.fromisoformat(d.pop("head_time"))

        moderation = ModerationLag.from_dict(d.pop("moderation"))

        parked_events = d.pop("parked_events")

        projection = ProjectionLag.from_dict(d.pop("projection"))

        recent_sends = RecentSends.from_dict(d.pop("recent_sends"))

        retention = []
        _retention = d.pop("retention")
        for retention_item_data in _retention:
            retention_item = RetentionProgress.from_dict(retention_item_data)

            retention.append(retention_item)

        def _parse_seal(data: object) -> None | SealStatus:
            if data is None:
                return data
            try:
                if not isinstance(data, dict):
                    raise TypeError()
                seal_type_0 = SealStatus.from_dict(data)

                return seal_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(None | SealStatus, data)

        seal = _parse_seal(d.pop("seal"))

        def _parse_search(data: object) -> SearchIndexProgress | StatusError:
            try:
                if not isinstance(data, dict):
                    raise TypeError()
                componentsschemas_search_index_status_type_0 = SearchIndexProgress.from_dict(data)

                return componentsschemas_search_index_status_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            if not isinstance(data, dict):
                raise TypeError()
            componentsschemas_search_index_status_type_1 = StatusError.from_dict(data)

            return componentsschemas_search_index_status_type_1

        search = _parse_search(d.pop("search"))

        sessions = SessionStatus.from_dict(d.pop("sessions"))

        sizes = StorageSizes.from_dict(d.pop("sizes"))

        slow_statements = []
        _slow_statements = d.pop("slow_statements")
        for slow_statements_item_data in _slow_statements:
            slow_statements_item = SlowStatement.from_dict(slow_statements_item_data)

            slow_statements.append(slow_statements_item)

        sync_floor = d.pop("sync_floor")

        url = d.pop("url")

        version = d.pop("version")

        wal = WriteAheadLog.from_dict(d.pop("wal"))

        webhooks = []
        _webhooks = d.pop("webhooks")
        for webhooks_item_data in _webhooks:
            webhooks_item = WebhookStatus.from_dict(webhooks_item_data)

            webhooks.append(webhooks_item)

        database_status = cls(
            erasure=erasure,
            head_time=head_time,
            moderation=moderation,
            parked_events=parked_events,
            projection=projection,
            recent_sends=recent_sends,
            retention=retention,
            seal=seal,
            search=search,
            sessions=sessions,
            sizes=sizes,
            slow_statements=slow_statements,
            sync_floor=sync_floor,
            url=url,
            version=version,
            wal=wal,
            webhooks=webhooks,
        )

        database_status.additional_properties = d
        return database_status

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
