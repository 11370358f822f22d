from enum import StrEnum


class ControlMessageType(StrEnum):
    CONTROL = "control"

    def __str__(self) -> str:
        return str(self.value)
