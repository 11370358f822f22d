"""Rules of `promtool check metrics`, for machines without it: python3 metric_rules.py FILE

Every family needs HELP and TYPE, names end in what their type and unit ask for, and the text must
parse with the official client of Prometheus.
"""

import re
import sys

from prometheus_client.parser import text_string_to_metric_families

NAME = re.compile(r"[a-z_][a-z0-9_]*")
OTHER_UNITS = re.compile(
    r"_(milliseconds|microseconds|nanoseconds|ms|minutes|hours|days|kilobytes|megabytes|percent)"
    r"(_|$)"
)


def find_problems(text):
    """Yields what promtool would report."""
    documented = {line.split()[2] for line in text.splitlines() if line.startswith("# HELP ")}
    typed = {line.split()[2] for line in text.splitlines() if line.startswith("# TYPE ")}
    seen = set()
    for family in text_string_to_metric_families(text):
        # The parser leaves out the ending of counters.
        name = f"{family.name}_total" if family.type == "counter" else family.name
        if name not in documented or not family.documentation:
            yield f"{name} has no HELP"
        if name not in typed or family.type in ("unknown", "untyped"):
            yield f"{name} has no TYPE"
        if family.type != "counter" and name.endswith("_total"):
            yield f"{name} ends in _total, but is a {family.type}"
        if not NAME.fullmatch(name):
            yield f"{name} is not in snake case"
        if OTHER_UNITS.search(name):
            yield f"{name} does not use a base unit: seconds, bytes, ratio"
        if name in seen:
            yield f"{name} occurs twice"
        seen.add(name)
    if not seen:
        yield "there are no metrics"


def main():
    with open(sys.argv[1], encoding="utf-8") as file:
        text = file.read()
    problems = list(find_problems(text))
    if problems:
        sys.exit("\n".join(problems))
    print(f"{text.count('# TYPE ')} families with HELP and TYPE")


if __name__ == "__main__":
    main()
