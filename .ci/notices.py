"""Prints the licence texts of everything that is linked into the program.

Reads `cargo metadata` for the platform that it runs on, and the files that the packages have.
"""

import json
import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PROGRAM = "tidings"
# How the names of files with licence texts begin.
NAMES = ("LICENSE", "LICENCE", "COPYING", "COPYRIGHT", "NOTICE", "UNLICENSE")
RULE = "=" * 80
# Written by web/build.mjs.
PAGES_LICENCES = ROOT / "web/dist/licences.txt"


def main() -> None:
    found = metadata()
    packages = {package["id"]: package for package in found["packages"]}
    linked = linked_packages(found, packages)
    print(f"{PROGRAM} contains the following {len(linked)} packages, under these licences.")
    for package in linked:
        print(f"\n{RULE}\n{package['name']} {package['version']}: {package['license']}")
        if package.get("repository"):
            print(package["repository"])
        for file in licence_files(package):
            print(f"\n--- {file.name}\n\n{file.read_text(errors='replace').rstrip()}")
    print(f"\n{RULE}\nThe pages contain these packages.\n\n{PAGES_LICENCES.read_text().rstrip()}")


def metadata() -> dict:
    versions = subprocess.run(["rustc", "-vV"], check=True, capture_output=True, text=True).stdout
    host = next(line[6:] for line in versions.splitlines() if line.startswith("host: "))
    command = ["cargo", "metadata", "--format-version=1", "--locked", f"--filter-platform={host}"]
    return json.loads(subprocess.run(command, cwd=ROOT, check=True, capture_output=True).stdout)


def linked_packages(found: dict, packages: dict) -> list[dict]:
    """Everything that the program depends on, but not what only builds or tests it."""
    nodes = {node["id"]: node for node in found["resolve"]["nodes"]}
    root = next(package["id"] for package in found["packages"] if package["name"] == PROGRAM)
    reached, left = {root}, [root]
    while left:
        for dependency in nodes[left.pop()]["deps"]:
            is_linked = any(kind["kind"] is None for kind in dependency["dep_kinds"])
            if is_linked and dependency["pkg"] not in reached:
                reached.add(dependency["pkg"])
                left.append(dependency["pkg"])
    # Those without a source are of this workspace, under the licence of the program.
    linked = [packages[key] for key in reached if packages[key]["source"]]
    return sorted(linked, key=lambda package: (package["name"], package["version"]))


def licence_files(package: dict) -> list[Path]:
    directory = Path(package["manifest_path"]).parent
    files = [file for file in directory.iterdir() if file.name.upper().startswith(NAMES)]
    return sorted(file for file in files if file.is_file())


main()
