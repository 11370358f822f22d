from enum import StrEnum


class SessionClosedEntryType(StrEnum):
    SESSION_CLOSED = "session_closed"

    def __str__(self) -> str:
        return str(self.value)
