from enum import StrEnum


class SendControlRequestType(StrEnum):
    CONTROL = "control"

    def __str__(self) -> str:
        return str(self.value)
