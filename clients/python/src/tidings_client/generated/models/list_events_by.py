from enum import StrEnum


class ListEventsBy(StrEnum):
    SENT_AT = "sent_at"
    TIME = "time"

    def __str__(self) -> str:
        return str(self.value)
