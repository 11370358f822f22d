"""Checks /metrics with promtool, and with rules of our own."""

from commands import run
from packages import HERE
from promtool import find_promtool


def check_metrics(context):
    file = context.directory / "metrics"
    file.write_text(context.system.get("/metrics"))
    outcome = context.python(HERE / "metric_rules.py", file).strip()
    promtool = find_promtool()
    if promtool is None:
        return f"{outcome}; there is no promtool here"
    with file.open() as metrics:
        run([promtool, "check", "metrics"], stdin=metrics)
    return f"{outcome}; promtool has no complaint"
