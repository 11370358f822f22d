from enum import StrEnum


class SendTextRequestType(StrEnum):
    TEXT = "text"

    def __str__(self) -> str:
        return str(self.value)
