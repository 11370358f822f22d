from enum import StrEnum


class ImportStatus(StrEnum):
    IMPORTED = "imported"
    KNOWN = "known"
    REJECTED = "rejected"

    def __str__(self) -> str:
        return str(self.value)
