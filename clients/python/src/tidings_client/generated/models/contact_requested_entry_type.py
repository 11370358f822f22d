from enum import StrEnum


class ContactRequestedEntryType(StrEnum):
    CONTACT_REQUESTED = "contact_requested"

    def __str__(self) -> str:
        return str(self.value)
