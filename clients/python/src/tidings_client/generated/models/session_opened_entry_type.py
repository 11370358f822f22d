from enum import StrEnum


class SessionOpenedEntryType(StrEnum):
    SESSION_OPENED = "session_opened"

    def __str__(self) -> str:
        return str(self.value)
