from enum import StrEnum


class BatchAckOp(StrEnum):
    ACK = "ack"

    def __str__(self) -> str:
        return str(self.value)
