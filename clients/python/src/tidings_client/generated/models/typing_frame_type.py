from enum import StrEnum


class TypingFrameType(StrEnum):
    TYPING = "typing"

    def __str__(self) -> str:
        return str(self.value)
