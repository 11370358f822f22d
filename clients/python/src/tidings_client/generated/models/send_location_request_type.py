from enum import StrEnum


class SendLocationRequestType(StrEnum):
    LOCATION = "location"

    def __str__(self) -> str:
        return str(self.value)
