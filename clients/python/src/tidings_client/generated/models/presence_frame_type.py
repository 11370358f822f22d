from enum import StrEnum


class PresenceFrameType(StrEnum):
    PRESENCE = "presence"

    def __str__(self) -> str:
        return str(self.value)
