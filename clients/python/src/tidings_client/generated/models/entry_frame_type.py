from enum import StrEnum


class EntryFrameType(StrEnum):
    ENTRY = "entry"

    def __str__(self) -> str:
        return str(self.value)
