"""The pages for the browser tests: built from this tree, and served in front of a system."""

import contextlib
import subprocess
from dataclasses import dataclass
from pathlib import Path

from commands import Failure, run
from packages import ROOT

# Screenshots stay here for people to look at.
ARTEFACTS = ROOT / "target/browser"
FONT_DIRECTORIES = ["/usr/share/fonts", "/usr/local/share/fonts"]


@dataclass(frozen=True)
class Pages:
    """Where the pages are."""

    url: str
    build: Path


def build_pages(context):
    """The directory of the pages, built from a copy of the sources."""
    out = context.directory / "pages"
    if not out.exists():
        build = context.npm_workspace() / "web/build.mjs"
        run([context.packages.node, build, "--out", out], env=context.packages.environment())
    return out


@contextlib.contextmanager
def serve_pages(context, api):
    """Serves the pages in front of a system. This is the one place that knows how."""
    build = build_pages(context)
    server = context.npm_workspace() / "web/serve.mjs"
    options = ["--to", api, "--dir", build, "--listen", "127.0.0.1:0"]
    process = subprocess.Popen(
        [context.packages.node, server, *options],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        text=True,
        env=context.packages.environment(),
    )
    try:
        url = process.stdout.readline().strip()
        if not url:
            raise Failure("web/serve.mjs did not start")
        yield Pages(url, build)
    finally:
        process.terminate()
        process.wait()


def run_in_browser(context, script, **variables):
    """Runs a script of `browser` with the pages of the system, and returns what it printed."""
    system = context.system
    with serve_pages(context, system.url) as pages:
        return run_script(context, script, pages, TIDINGS_URL=system.url, **variables)


def run_script(context, script, pages, **variables):
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
        **variables,
    }
    command = [context.packages.node, f"browser/{script}"]
    return run(command, cwd=project, env=environment, timeout=600).strip()


def font_environment(context):
    """Fonts for Chromium, which stops where it finds none: those that come with it, and others."""
    config = context.directory / "fonts.conf"
    if not config.exists():
        fonts = context.packages.chromium.parent / "fonts"
        directories = "".join(f"<dir>{path}</dir>" for path in [fonts, *FONT_DIRECTORIES])
        cache = f"<cachedir>{context.directory / 'font-cache'}</cachedir>"
        config.write_text(f'<?xml version="1.0"?><fontconfig>{directories}{cache}</fontconfig>')
    return {"FONTCONFIG_FILE": str(config)}
