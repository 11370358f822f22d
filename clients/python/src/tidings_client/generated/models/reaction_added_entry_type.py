from enum import StrEnum


class ReactionAddedEntryType(StrEnum):
    REACTION_ADDED = "reaction_added"

    def __str__(self) -> str:
        return str(self.value)
