"""What the calls share."""

from collections.abc import MutableMapping
from http import HTTPStatus
from typing import BinaryIO, Generic, Literal, TypeVar

from attrs import define


class Unset:
    """The type of a field that the server left out, or that a request leaves out."""

    def __bool__(self) -> Literal[False]:
        return False


UNSET: Unset = Unset()


@define
class File:
    """The bytes of a request, or of an answer that is not JSON."""

    payload: BinaryIO
    file_name: str | None = None
    mime_type: str | None = None


T = TypeVar("T")


@define
class Response(Generic[T]):
    """An answer with its status and headers."""

    status_code: HTTPStatus
    content: bytes
    headers: MutableMapping[str, str]
    parsed: T


__all__ = ["UNSET", "File", "Response", "Unset"]
