from enum import StrEnum


class ClientAckFrameType(StrEnum):
    ACK = "ack"

    def __str__(self) -> str:
        return str(self.value)
