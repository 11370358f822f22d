from enum import StrEnum


class ListContactsState(StrEnum):
    CONTACT = "contact"
    INCOMING = "incoming"
    OUTGOING = "outgoing"

    def __str__(self) -> str:
        return str(self.value)
