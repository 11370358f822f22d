from enum import StrEnum


class SendImageRequestType(StrEnum):
    IMAGE = "image"

    def __str__(self) -> str:
        return str(self.value)
