from enum import StrEnum


class FileMessageType(StrEnum):
    FILE = "file"

    def __str__(self) -> str:
        return str(self.value)
