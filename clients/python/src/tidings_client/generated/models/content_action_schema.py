from enum import StrEnum


class ContentActionSchema(StrEnum):
    FLAG = "flag"
    MASK = "mask"
    REFUSE = "refuse"

    def __str__(self) -> str:
        return str(self.value)
