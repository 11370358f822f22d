"""The pages for the browser tests, as the program serves them."""

import contextlib
from dataclasses import dataclass
from pathlib import Path

from commands import Failure, run
from packages import ROOT

# Screenshots stay here for people to look at.
ARTEFACTS = ROOT / "target/browser"
# The committed pages.
BUILD = ROOT / "web/dist"
FONT_DIRECTORIES = ["/usr/share/fonts", "/usr/local/share/fonts"]


@dataclass(frozen=True)
class Pages:
    """Where the pages are."""

    url: str
    build: Path


def compare_build(context):
    """The committed pages, which are part of the program, are those of the sources."""
    out = context.directory / "pages"
    build = context.npm_workspace() / "web/build.mjs"
    run([context.packages.node, build, "--out", out], env=context.packages.environment())
    names = {path.name for directory in (out, BUILD) for path in directory.iterdir()}
    differing = [name for name in sorted(names) if not is_equal(out / name, BUILD / name)]
    if differing:
        files = ", ".join(differing)
        raise Failure(f"web/dist is out of date: run `node web/build.mjs`. Differing: {files}")
    return f"{len(names)} files are what the sources build"


def is_equal(one, other):
    return one.is_file() and other.is_file() and one.read_bytes() == other.read_bytes()


@contextlib.contextmanager
def serve_pages(_context, api):
    """The pages of a system, as it serves them."""
    yield Pages(api, BUILD)


def run_in_browser(context, script, **variables):
    """Runs a script of `browser` with the pages of the system, and returns what it printed."""
    system = context.system
    with serve_pages(context, system.url) as pages:
        return run_script(context, script, pages, TIDINGS_URL=system.url, **variables)


def run_script(context, script, pages, timeout=600, **variables):
    ARTEFACTS.mkdir(parents=True, exist_ok=True)
    project = context.npm_workspace() / "tests/clients"
    environment = {
        **context.packages.environment(),
        **context.packages.chromium_environment(),
        **font_environment(context),
        "CHROMIUM": str(context.packages.chromium),
        "CHAT_URL": pages.url,
        "BUILD": str(pages.build),
        "ARTEFACTS": str(ARTEFACTS),
        "SCREENSHOTS": str(ROOT / "docs/images"),
        **variables,
    }
    command = [context.packages.node, f"browser/{script}"]
    return run(command, cwd=project, env=environment, timeout=timeout).strip()


def font_environment(context):
    """Fonts for Chromium, which stops where it finds none: the pinned ones, and the machine's."""
    config = context.directory / "fonts.conf"
    if not config.exists():
        fonts = [context.packages.fonts, *FONT_DIRECTORIES]
        directories = "".join(f"<dir>{path}</dir>" for path in fonts)
        cache = f"<cachedir>{context.directory / 'font-cache'}</cachedir>"
        config.write_text(f'<?xml version="1.0"?><fontconfig>{directories}{cache}</fontconfig>')
    return {"FONTCONFIG_FILE": str(config)}
