"""Programs from Debian's packages: the one on this machine, or one that is fetched and unpacked.

No package registry has these with a hash to pin, so APT's signatures vouch for them. Nothing is
installed, so no root is needed. `python3 debian.py PROGRAM` prints the path of the program, or
fails and says what is missing: a test that needs it must not pass without it.
"""

import os
import shutil
import sys
from pathlib import Path

from commands import Failure, run
from packages import cache_directory

# The packages that may have each program, and where. Newer releases of Debian have a package of its
# own for promtool. Those that need no others are only downloaded: prometheus has many.
PROGRAMS = {
    "promtool": (["promtool", "prometheus"], "usr/bin/promtool", ["download"]),
    "prometheus": (["prometheus"], "usr/bin/prometheus", ["download"]),
    "haproxy": (["haproxy"], "usr/sbin/haproxy", ["install"]),
    "nginx": (["nginx"], "usr/sbin/nginx", ["install"]),
}
INSTALL_OPTIONS = ["--yes", "--download-only", "--no-install-recommends"]
SYSTEM_DIRECTORIES = ["/usr/sbin", "/usr/local/sbin"]
FETCH_SECONDS = 300


def find_program(name):
    """The path of a program."""
    path = os.pathsep.join([os.environ.get("PATH", ""), *SYSTEM_DIRECTORIES])
    found = shutil.which(name, path=path)
    if found:
        return Path(found)
    directory = cache_directory() / "debian" / name
    if not (directory / name).exists():
        for tool in ["apt-get", "dpkg-deb"]:
            if not shutil.which(tool):
                raise Failure(f"{name} is missing, and without {tool} it cannot be fetched.")
        fetch(name, directory)
    return directory / name


def fetch(name, directory):
    """Unpacks a program with what it needs and this machine lacks."""
    fresh = directory.with_name(f"fetching-{name}-{os.getpid()}")
    archives = fresh / "archives"
    apt = [
        "apt-get",
        "-qq",
        f"-oDir::State::Lists={fresh}/lists",
        f"-oDir::Cache={fresh}",
        "-oAPT::Sandbox::User=",
        "-oDebug::NoLocking=1",
    ]
    try:
        for part in ["lists/partial", "archives/partial"]:
            (fresh / part).mkdir(parents=True)
        run([*apt, "update"], timeout=FETCH_SECONDS)
        unpacked = download(name, apt, archives)
        write_launcher(name, unpacked, directory)
        directory.parent.mkdir(parents=True, exist_ok=True)
        try:
            unpacked.rename(directory)
        except OSError:
            # Another process was faster.
            if not directory.exists():
                raise
    finally:
        shutil.rmtree(fresh, ignore_errors=True)


def download(name, apt, archives):
    """Unpacks the first of the packages that has the program, and returns where."""
    packages, program, [way] = PROGRAMS[name]
    failures = []
    for package in packages:
        unpacked = archives.parent / package
        options = INSTALL_OPTIONS if way == "install" else []
        try:
            run([*apt, *options, way, package], cwd=archives, timeout=FETCH_SECONDS)
            for archive in archives.glob("*.deb"):
                run(["dpkg-deb", "--extract", archive, unpacked])
        except Failure as failure:
            failures.append(str(failure))
        if (unpacked / program).exists():
            return unpacked
    raise Failure("\n".join([f"No package of APT has {name}.", *failures]))


def write_launcher(name, unpacked, directory):
    """A script that starts the program with the libraries that were unpacked with it."""
    program = PROGRAMS[name][1]
    folders = {str(file.parent.relative_to(unpacked)) for file in unpacked.rglob("*.so*")}
    libraries = os.pathsep.join(str(directory / folder) for folder in sorted(folders))
    launcher = unpacked / name
    launcher.write_text(
        f'#!/bin/sh\nLD_LIBRARY_PATH="{libraries}" exec "{directory / program}" "$@"\n'
    )
    launcher.chmod(0o755)


if __name__ == "__main__":
    try:
        print(find_program(sys.argv[1]))
    except Failure as missing:
        sys.exit(str(missing))
