from enum import StrEnum


class SessionRemindedEntryType(StrEnum):
    SESSION_REMINDED = "session_reminded"

    def __str__(self) -> str:
        return str(self.value)
