from enum import StrEnum


class JobSubject(StrEnum):
    READ_MODELS = "read_models"
    SEALS = "seals"
    SEARCH = "search"

    def __str__(self) -> str:
        return str(self.value)
