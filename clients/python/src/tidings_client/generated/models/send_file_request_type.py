from enum import StrEnum


class SendFileRequestType(StrEnum):
    FILE = "file"

    def __str__(self) -> str:
        return str(self.value)
