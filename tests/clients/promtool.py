"""promtool, Prometheus's own checker: the one on PATH, or the one in Debian's package.

No package registry has it with a hash to pin, so APT's signatures vouch for it. Where there is
neither promtool nor APT, metric_rules.py alone checks the metrics.
"""

import os
import shutil
from pathlib import Path

from commands import run
from packages import cache_directory

PACKAGE = "prometheus"
PROGRAM = "usr/bin/promtool"
FETCH_SECONDS = 300


def find_promtool():
    """The path of promtool, or None."""
    found = shutil.which("promtool")
    if found:
        return Path(found)
    if not (shutil.which("apt-get") and shutil.which("dpkg-deb")):
        return None
    directory = cache_directory() / PACKAGE
    if not (directory / PROGRAM).exists():
        fetch(directory)
    return directory / PROGRAM


def fetch(directory):
    """Unpacks promtool without installing its package, which needs no root."""
    fresh = directory.with_name(f"fetching-{PACKAGE}-{os.getpid()}")
    try:
        lists = fresh / "lists/partial"
        lists.mkdir(parents=True)
        (fresh / "archives/partial").mkdir(parents=True)
        apt = [
            "apt-get",
            "-qq",
            f"-oDir::State::Lists={lists.parent}",
            f"-oDir::Cache={fresh}",
            "-oAPT::Sandbox::User=",
        ]
        run([*apt, "update"], timeout=FETCH_SECONDS)
        run([*apt, "download", PACKAGE], cwd=fresh, timeout=FETCH_SECONDS)
        [archive] = fresh.glob("*.deb")
        unpacked = fresh / "unpacked"
        run(["dpkg-deb", "--extract", archive, unpacked])
        (directory / PROGRAM).parent.mkdir(parents=True, exist_ok=True)
        (unpacked / PROGRAM).rename(directory / PROGRAM)
    finally:
        shutil.rmtree(fresh, ignore_errors=True)
