from enum import StrEnum


class MessageType(StrEnum):
    AUDIO = "audio"
    CONTROL = "control"
    CUSTOM = "custom"
    FILE = "file"
    IMAGE = "image"
    LOCATION = "location"
    TEXT = "text"
    VIDEO = "video"

    def __str__(self) -> str:
        return str(self.value)
