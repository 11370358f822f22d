from enum import StrEnum


class ContactState(StrEnum):
    CONTACT = "contact"
    INCOMING = "incoming"
    OUTGOING = "outgoing"

    def __str__(self) -> str:
        return str(self.value)
