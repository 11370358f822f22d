from enum import StrEnum


class TypingStoppedFrameType(StrEnum):
    TYPING_STOPPED = "typing_stopped"

    def __str__(self) -> str:
        return str(self.value)
