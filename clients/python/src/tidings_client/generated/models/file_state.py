from enum import StrEnum


class FileState(StrEnum):
    RESERVED = "reserved"
    STORED = "stored"

    def __str__(self) -> str:
        return str(self.value)
