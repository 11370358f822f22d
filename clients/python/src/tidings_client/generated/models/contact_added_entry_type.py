from enum import StrEnum


class ContactAddedEntryType(StrEnum):
    CONTACT_ADDED = "contact_added"

    def __str__(self) -> str:
        return str(self.value)
