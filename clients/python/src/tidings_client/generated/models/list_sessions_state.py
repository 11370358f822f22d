from enum import StrEnum


class ListSessionsState(StrEnum):
    CLOSED = "closed"
    OPEN = "open"
    WAITING = "waiting"

    def __str__(self) -> str:
        return str(self.value)
