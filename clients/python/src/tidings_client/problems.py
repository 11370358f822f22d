"""What can go wrong with a call, as exceptions."""

from __future__ import annotations

import email.utils
import time
from collections.abc import Mapping
from typing import Any


class TidingsError(Exception):
    """The base of all exceptions of this package."""

    #: Whether the same call can succeed later, without a change.
    is_temporary = False
    #: After how many seconds the server wants to be asked again; None if it did not say.
    retry_after: float | None = None


class UnreachableError(TidingsError):
    """No answer came: the server cannot be reached, or the connection broke.

    What was asked for may have happened all the same.
    """

    is_temporary = True


class DeviceReplacedError(TidingsError):
    """Another program follows the entries as the same device; two that both reconnect would
    replace each other again and again. Give each program a device of its own."""


class CursorStoreError(TidingsError):
    """The stored cursor cannot be read. Starting elsewhere would lose entries in silence."""


class ProblemError(TidingsError):
    """The server refused a call, with a problem document (RFC 9457).

    Attributes:
        status: The HTTP status.
        code: What is wrong, for programs; stable, in snake_case.
        detail: What is wrong, for people.
        errors: The invalid fields, as pairs of field and message.
        document: The whole document. Some codes have further members.
    """

    def __init__(self, document: Mapping[str, Any], retry_after: float | None = None) -> None:
        self.document = dict(document)
        self.status = int(document.get("status", 0))
        self.code = str(document.get("code", f"http_{self.status}"))
        self.detail = str(document.get("detail") or document.get("title") or "")
        self.errors = [
            (str(error.get("field", "")), str(error.get("message", "")))
            for error in document.get("errors") or []
        ]
        self.retry_after = retry_after
        fields = "".join(f"; {field}: {message}" for field, message in self.errors)
        super().__init__(f"{self.status} {self.code}: {self.detail}{fields}")


class MalformedError(ProblemError):
    """400: the request cannot be understood."""


class UnauthorizedError(ProblemError):
    """401: there is no token, or it is refused, revoked or expired."""


class ForbiddenError(ProblemError):
    """403: the caller may not do this."""


class NotFoundError(ProblemError):
    """404: it does not exist, as far as the caller may know."""


class ConflictError(ProblemError):
    """409: it contradicts what exists, such as another message under the same key."""


class CursorExpiredError(ProblemError):
    """410: the entries after this cursor are not kept, or it is of another history."""


class TooLargeError(ProblemError):
    """413: the request has too many bytes."""


class UnsupportedMediaTypeError(ProblemError):
    """415: the server expects another type of content."""


class InvalidError(ProblemError):
    """422: the request is well-formed, and a rule refuses it."""


class TooManyRequestsError(ProblemError):
    """429: ask again after `retry_after` seconds."""

    is_temporary = True


class ServerError(ProblemError):
    """The server, or a proxy in front of it, failed."""

    is_temporary = True


class UnavailableError(ServerError):
    """503: the server cannot do this now; ask again after `retry_after` seconds."""


PROBLEMS: dict[int, type[ProblemError]] = {
    400: MalformedError,
    401: UnauthorizedError,
    403: ForbiddenError,
    404: NotFoundError,
    409: ConflictError,
    410: CursorExpiredError,
    413: TooLargeError,
    415: UnsupportedMediaTypeError,
    422: InvalidError,
    429: TooManyRequestsError,
    503: UnavailableError,
}


def problem_from(document: Mapping[str, Any], retry_after: float | None = None) -> ProblemError:
    """The exception for a problem document."""
    status = int(document.get("status", 0))
    fallback = ServerError if status >= 500 else ProblemError
    return PROBLEMS.get(status, fallback)(document, retry_after)


def parse_retry_after(value: str | None) -> float | None:
    """The seconds in a `Retry-After` header, which may also name a date."""
    if value is None:
        return None
    try:
        return max(0.0, float(value))
    except ValueError:
        pass
    try:
        return max(0.0, email.utils.parsedate_to_datetime(value).timestamp() - time.time())
    except ValueError:
        return None
