from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..models.job_kind import JobKind
from ..models.job_state import JobState
from ..models.job_subject import JobSubject

if TYPE_CHECKING:
    from ..models.job_result_type_0 import JobResultType0


T = TypeVar("T", bound="Job")


@_attrs_define
class Job:
    """A rebuild or a verification.

    Attributes:
        by (str): Who has started it.
        done (int): How many events or messages it has worked on.
        ended_at (datetime.datetime | None): When it ended; null while it runs, and if its process has ended.
        error (None | str): Why it has failed.
        id (str): Identifies the job.
        kind (JobKind): What a job does.
        of (JobSubject): With what.
        result (JobResultType0 | None): What the commands on the machine print with `--json`, and for a rebuild where it
            began and
            how long the swap took; null unless it is done.
        started_at (datetime.datetime): When it was started.
        state (JobState): What has become of a job.
        stop_requested (bool): Whether somebody has asked it to stop.
        total (int): About how many there are; 0 as long as that is unknown.
        unit (str): What `done` and `total` count: `events` or `messages`.
        updated_at (datetime.datetime): When its process has last reported.
    """

    by: str
    done: int
    ended_at: datetime.datetime | None
    error: None | str
    id: str
    kind: JobKind
    of: JobSubject
    result: JobResultType0 | None
    started_at: datetime.datetime
    state: JobState
    stop_requested: bool
    total: int
    unit: str
    updated_at: datetime.datetime
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        from ..models.job_result_type_0 import JobResultType0  # noqa: PLC0415

        by = self.by

        done = self.done

        ended_at: None | str
        if isinstance(self.ended_at, datetime.datetime):
            ended_at = self.ended_at.isoformat()
        else:
            ended_at = self.ended_at

        error: None | str
        error = self.error

        id = self.id

        kind = self.kind.value

        of = self.of.value

        result: dict[str, Any] | None
        if isinstance(self.result, JobResultType0):
            result = self.result.to_dict()
        else:
            result = self.result

        started_at = self.started_at.isoformat()

        state = self.state.value

        stop_requested = self.stop_requested

        total = self.total

        unit = self.unit

        updated_at = self.updated_at.isoformat()

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "by": by,
                "done": done,
                "ended_at": ended_at,
                "error": error,
                "id": id,
                "kind": kind,
                "of": of,
                "result": result,
                "started_at": started_at,
                "state": state,
                "stop_requested": stop_requested,
                "total": total,
                "unit": unit,
                "updated_at": updated_at,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.job_result_type_0 import JobResultType0  # noqa: PLC0415

        d = dict(src_dict)
        by = d.pop("by")

        done = d.pop("done")

        def _parse_ended_at(data: object) -> datetime.datetime | None:
            if data is None:
                return data
            try:
                if not isinstance(data, str):
                    raise TypeError()
                ended_at_type_0 = datetime.datetime.fromisoformat(data)

                return ended_at_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(datetime.datetime | None, data)

        ended_at = _parse_ended_at(d.pop("ended_at"))

        def _parse_error(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        error = _parse_error(d.pop("error"))

        id = d.pop("id")

        kind = JobKind(d.pop("kind"))

        of = JobSubject(d.pop("of"))

        def _parse_result(data: object) -> JobResultType0 | None:
            if data is None:
                return data
            try:
                if not isinstance(data, dict):
                    raise TypeError()
                result_type_0 = JobResultType0.from_dict(data)

                return result_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(JobResultType0 | None, data)

        result = _parse_result(d.pop("result"))

        started_at = datetime.datetime.fromisoformat(d.pop("started_at"))

        state = JobState(d.pop("state"))

        stop_requested = d.pop("stop_requested")

        total = d.pop("total")

        unit = d.pop("unit")

        updated_at = datetime.datetime.fromisoformat(d.pop("updated_at"))

        job = cls(
            by=by,
            done=done,
            ended_at=ended_at,
            error=error,
            id=id,
            kind=kind,
            of=of,
            result=result,
            started_at=started_at,
            state=state,
            stop_requested=stop_requested,
            total=total,
            unit=unit,
            updated_at=updated_at,
        )

        job.additional_properties = d
        return job

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
