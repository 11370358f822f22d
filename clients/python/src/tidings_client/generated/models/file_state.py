from enum import StrEnum


class FileState(StrEnum):
    PARTIAL = "partial"
    RESERVED = "reserved"
    STORED = "stored"

    def __str__(self) -> str:
        return str(self.value)
