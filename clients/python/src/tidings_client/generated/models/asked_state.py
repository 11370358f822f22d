from enum import StrEnum


class AskedState(StrEnum):
    CONTACT = "contact"
    OUTGOING = "outgoing"

    def __str__(self) -> str:
        return str(self.value)
