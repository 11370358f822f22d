from enum import StrEnum


class SessionTransferredEntryType(StrEnum):
    SESSION_TRANSFERRED = "session_transferred"

    def __str__(self) -> str:
        return str(self.value)
