from enum import StrEnum


class SendAudioRequestType(StrEnum):
    AUDIO = "audio"

    def __str__(self) -> str:
        return str(self.value)
