from enum import StrEnum


class ReactionRemovedEntryType(StrEnum):
    REACTION_REMOVED = "reaction_removed"

    def __str__(self) -> str:
        return str(self.value)
