"""Checks /metrics with promtool, Prometheus's own checker, and with rules of our own."""

from commands import run
from debian import find_program
from packages import HERE


def check_metrics(context):
    file = context.directory / "metrics"
    file.write_text(context.system.get("/metrics"))
    outcome = context.python(HERE / "metric_rules.py", file).strip()
    with file.open() as metrics:
        run([find_program("promtool"), "check", "metrics"], stdin=metrics)
    return f"{outcome}; promtool has no complaint"
