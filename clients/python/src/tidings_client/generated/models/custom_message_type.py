from enum import StrEnum


class CustomMessageType(StrEnum):
    CUSTOM = "custom"

    def __str__(self) -> str:
        return str(self.value)
