from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..models.job_kind import JobKind
from ..models.job_subject import JobSubject
from ..models.rebuild_origin import RebuildOrigin
from ..types import UNSET, Unset

T = TypeVar("T", bound="StartJobBody")


@_attrs_define
class StartJobBody:
    """The job to start.

    Attributes:
        kind (JobKind): What a job does.
        of (JobSubject): With what.
        from_ (None | RebuildOrigin | Unset):
        keep (bool | None | Unset): For a rebuild: keep what it replaces, so that a later one can begin with it.
    """

    kind: JobKind
    of: JobSubject
    from_: None | RebuildOrigin | Unset = UNSET
    keep: bool | None | Unset = UNSET
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        kind = self.kind.value

        of = self.of.value

        from_: None | str | Unset
        if isinstance(self.from_, Unset):
            from_ = UNSET
        elif isinstance(self.from_, RebuildOrigin):
            from_ = self.from_.value
        else:
            from_ = self.from_

        keep: bool | None | Unset
        if isinstance(self.keep, Unset):
            keep = UNSET
        else:
            keep = self.keep

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "kind": kind,
                "of": of,
            }
        )
        if from_ is not UNSET:
            field_dict["from"] = from_
        if keep is not UNSET:
            field_dict["keep"] = keep

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        kind = JobKind(d.pop("kind"))

        of = JobSubject(d.pop("of"))

        def _parse_from_(data: object) -> None | RebuildOrigin | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, str):
                    raise TypeError()
                from_type_0 = RebuildOrigin(data)

                return from_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(None | RebuildOrigin | Unset, data)

        from_ = _parse_from_(d.pop("from", UNSET))

        def _parse_keep(data: object) -> bool | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(bool | None | Unset, data)

        keep = _parse_keep(d.pop("keep", UNSET))

        start_job_body = cls(
            kind=kind,
            of=of,
            from_=from_,
            keep=keep,
        )

        start_job_body.additional_properties = d
        return start_job_body

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
