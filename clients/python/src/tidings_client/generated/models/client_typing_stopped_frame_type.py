from enum import StrEnum


class ClientTypingStoppedFrameType(StrEnum):
    TYPING_STOPPED = "typing_stopped"

    def __str__(self) -> str:
        return str(self.value)
