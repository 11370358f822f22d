from enum import StrEnum


class AudioMessageType(StrEnum):
    AUDIO = "audio"

    def __str__(self) -> str:
        return str(self.value)
