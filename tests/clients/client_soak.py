"""The chaos run of the TypeScript client, with the packages of these scripts: `make client-soak`.

Its options are those of chaos/soak.ts: --clients, --minutes, --pause, --seed, --plant, --keep.
"""

import os
import subprocess
import sys
import tempfile
from pathlib import Path

from commands import Failure
from context import Context
from packages import fetch_packages
from system import find_binary


def main():
    try:
        binary, packages = find_binary(), fetch_packages()
    except Failure as failure:
        sys.exit(str(failure))
    with tempfile.TemporaryDirectory(prefix="tidings-client-soak-") as name:
        context = Context(Path(name), packages, system=None, page_port=0)
        directory = context.npm_workspace() / "tests/clients"
        environment = {**os.environ, **packages.environment(), "TIDINGS_BIN": str(binary)}
        command = [packages.node, "chaos/soak.ts", *sys.argv[1:]]
        done = subprocess.run(command, cwd=directory, env=environment, check=False)
        sys.exit(done.returncode)


if __name__ == "__main__":
    main()
