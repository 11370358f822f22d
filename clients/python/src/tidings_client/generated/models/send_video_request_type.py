from enum import StrEnum


class SendVideoRequestType(StrEnum):
    VIDEO = "video"

    def __str__(self) -> str:
        return str(self.value)
