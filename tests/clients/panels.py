"""The panels of the chat in Chromium, by several people in windows of their own."""

from pages import run_in_browser


def check_rules_of_panels(context):
    """What panels know without a page: highlights, queries, limits of forms, times."""
    tests = sorted((context.npm_workspace() / "web/tests/panels").glob("*.test.ts"))
    output = context.node("--test", "--test-reporter=tap", *tests)
    return next(line for line in output.splitlines() if line.startswith("# pass")).lstrip("# ")


def meet_in_panels(context):
    return run_panels(context, "panels_people.mjs")


def lead_group_in_panels(context):
    return run_panels(context, "panels_groups.mjs")


def search_in_panels(context):
    return run_panels(context, "panels_search.mjs")


def look_into_past(context):
    return run_panels(context, "panels_past.mjs")


def look_at_panels(context):
    return run_panels(context, "panels_looks.mjs")


def run_panels(context, script):
    token = context.system.token("root", "--scope", "admin")
    return run_in_browser(context, script, ADMIN_TOKEN=token)


PANEL_STEPS = [
    ("panels: rules", check_rules_of_panels),
    ("panels: people and settings", meet_in_panels),
    ("panels: groups", lead_group_in_panels),
    ("panels: search and lists", search_in_panels),
    ("panels: the past", look_into_past),
    ("panels: looks", look_at_panels),
]
