from enum import StrEnum


class SessionAcceptedEntryType(StrEnum):
    SESSION_ACCEPTED = "session_accepted"

    def __str__(self) -> str:
        return str(self.value)
