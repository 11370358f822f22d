from enum import StrEnum


class ClientTokenFrameType(StrEnum):
    TOKEN = "token"

    def __str__(self) -> str:
        return str(self.value)
