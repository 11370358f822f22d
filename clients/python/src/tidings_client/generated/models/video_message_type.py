from enum import StrEnum


class VideoMessageType(StrEnum):
    VIDEO = "video"

    def __str__(self) -> str:
        return str(self.value)
