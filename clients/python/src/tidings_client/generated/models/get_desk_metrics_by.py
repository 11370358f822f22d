from enum import StrEnum


class GetDeskMetricsBy(StrEnum):
    AGENT = "agent"
    DAY = "day"
    HOUR = "hour"

    def __str__(self) -> str:
        return str(self.value)
