from enum import StrEnum


class RebuildOrigin(StrEnum):
    KEPT = "kept"
    LOG = "log"

    def __str__(self) -> str:
        return str(self.value)
