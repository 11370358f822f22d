"""The screenshots of the documentation, taken again and compared."""

import re

from commands import Failure
from packages import ROOT
from pages import run_script, serve_pages
from system import System

DIRECTORY = ROOT / "docs/images"
LINK = re.compile(r"\((?:docs/)?images/([^)\s]+)\)")


def take_first_steps(context):
    """The script starts a system of its own, as the page says."""
    directory = context.directory / "first-steps"
    directory.mkdir()
    with serve_pages(context, context.system.url) as pages:
        variables = {"DIRECTORY": str(directory), "TIDINGS_BIN": str(context.system.binary)}
        return run_script(context, "first_steps.mjs", pages, **variables)


def take_pages(context):
    """The screenshots of the README, of a system of their own: its plots show only what these do."""
    directory = context.directory / "screenshots"
    directory.mkdir()
    with System(directory, []) as system, serve_pages(context, system.url) as pages:
        token = system.token("root", "--scope", "admin")
        variables = {"TIDINGS_URL": system.url, "ADMIN_TOKEN": token}
        return run_script(context, "readme_screenshots.mjs", pages, **variables)


def check_links(_context):
    """Every screenshot is in a page, and every page has its screenshots."""
    pages = [ROOT / "README.md", *(ROOT / "docs").rglob("*.md")]
    shown = {name for page in pages for name in LINK.findall(page.read_text())}
    there = {path.name for path in DIRECTORY.iterdir()}
    if shown != there:
        only = "; ".join(sorted(shown ^ there))
        raise Failure(f"These are either not in docs/images or on no page: {only}")
    return f"{len(there)} screenshots are on pages"


SCREENSHOT_STEPS = [
    ("screenshots: first steps", take_first_steps),
    ("screenshots: README", take_pages),
    ("screenshots: links", check_links),
]
