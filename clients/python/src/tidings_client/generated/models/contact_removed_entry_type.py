from enum import StrEnum


class ContactRemovedEntryType(StrEnum):
    CONTACT_REMOVED = "contact_removed"

    def __str__(self) -> str:
        return str(self.value)
