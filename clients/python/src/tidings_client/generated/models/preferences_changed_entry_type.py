from enum import StrEnum


class PreferencesChangedEntryType(StrEnum):
    PREFERENCES_CHANGED = "preferences_changed"

    def __str__(self) -> str:
        return str(self.value)
