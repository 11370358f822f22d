"""promtool, Prometheus's own checker: the one on PATH, or the one in Debian's package.

No package registry has it with a hash to pin, so APT's signatures vouch for it. Where there is
neither promtool nor APT, metric_rules.py alone checks the metrics.
"""

import os
import shutil
from pathlib import Path

from commands import Failure, run
from packages import cache_directory

# Newer releases of Debian have a package of its own for it.
PACKAGES = ["promtool", "prometheus"]
PROGRAM = "usr/bin/promtool"
FETCH_SECONDS = 300


def find_promtool():
    """The path of promtool, or None."""
    found = shutil.which("promtool")
    if found:
        return Path(found)
    if not (shutil.which("apt-get") and shutil.which("dpkg-deb")):
        return None
    directory = cache_directory() / "promtool"
    if not (directory / PROGRAM).exists():
        fetch(directory)
    return directory / PROGRAM


def fetch(directory):
    """Unpacks promtool without installing its package, which needs no root."""
    fresh = directory.with_name(f"fetching-promtool-{os.getpid()}")
    apt = [
        "apt-get",
        "-qq",
        f"-oDir::State::Lists={fresh}/lists",
        f"-oDir::Cache={fresh}",
        "-oAPT::Sandbox::User=",
    ]
    try:
        for name in ["lists/partial", "archives/partial"]:
            (fresh / name).mkdir(parents=True)
        run([*apt, "update"], timeout=FETCH_SECONDS)
        program = unpack(apt, fresh) / PROGRAM
        (directory / PROGRAM).parent.mkdir(parents=True, exist_ok=True)
        program.rename(directory / PROGRAM)
    finally:
        shutil.rmtree(fresh, ignore_errors=True)


def unpack(apt, directory):
    """Unpacks the first of the packages that has the program, and returns where."""
    failures = []
    for package in PACKAGES:
        unpacked = directory / package
        try:
            run([*apt, "download", package], cwd=directory, timeout=FETCH_SECONDS)
            [archive] = directory.glob(f"{package}_*.deb")
            run(["dpkg-deb", "--extract", archive, unpacked])
        except Failure as failure:
            failures.append(str(failure))
        if (unpacked / PROGRAM).exists():
            return unpacked
    raise Failure("\n".join(["No package of APT has promtool.", *failures]))
