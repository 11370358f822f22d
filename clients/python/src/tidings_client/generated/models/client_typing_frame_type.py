from enum import StrEnum


class ClientTypingFrameType(StrEnum):
    TYPING = "typing"

    def __str__(self) -> str:
        return str(self.value)
