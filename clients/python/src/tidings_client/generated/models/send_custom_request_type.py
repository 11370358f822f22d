from enum import StrEnum


class SendCustomRequestType(StrEnum):
    CUSTOM = "custom"

    def __str__(self) -> str:
        return str(self.value)
