from enum import StrEnum


class Consent(StrEnum):
    ANYONE = "anyone"
    CONTACTS = "contacts"

    def __str__(self) -> str:
        return str(self.value)
