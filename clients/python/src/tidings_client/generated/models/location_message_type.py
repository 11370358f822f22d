from enum import StrEnum


class LocationMessageType(StrEnum):
    LOCATION = "location"

    def __str__(self) -> str:
        return str(self.value)
