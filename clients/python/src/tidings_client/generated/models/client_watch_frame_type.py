from enum import StrEnum


class ClientWatchFrameType(StrEnum):
    WATCH = "watch"

    def __str__(self) -> str:
        return str(self.value)
