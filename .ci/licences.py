"""Checks the licence of every dependency against a list, and that some crates are absent.

Reads `cargo metadata` for the platform that it runs on, so it needs nothing but cargo and Python.
The lists are those of deny.toml, for those who have cargo-deny.
"""

import json
import re
import subprocess
import sys
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def main() -> int:
    with open(ROOT / "deny.toml", "rb") as file:
        lists = tomllib.load(file)
    allowed = set(lists["licenses"]["allow"])
    banned = {entry["crate"] for entry in lists["bans"]["deny"]}
    packages = metadata()["packages"]
    complaints = []
    for package in packages:
        name = f"{package['name']} {package['version']}"
        if package["name"] in banned:
            complaints.append(f"{name} must not be a dependency: see deny.toml")
        licence = package.get("license")
        if not licence:
            complaints.append(f"{name} names no licence")
        elif not is_allowed(licence, allowed):
            complaints.append(f"{name} is {licence}, which is not on the list")
    for complaint in complaints:
        print(complaint)
    print(f"{len(packages)} packages, {len(complaints)} complaints")
    return 1 if complaints else 0


def metadata() -> dict:
    rustc = subprocess.run(["rustc", "-vV"], check=True, capture_output=True, text=True).stdout
    host = re.search(r"^host: (\S+)$", rustc, re.MULTILINE).group(1)
    command = ["cargo", "metadata", "--locked", "--format-version", "1", "--filter-platform", host]
    return json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE, cwd=ROOT).stdout)


def is_allowed(expression: str, allowed: set[str]) -> bool:
    """SPDX: OR of ANDs, with parentheses. The old way of writing OR is a slash."""
    words = re.findall(r"[()]|[^\s()]+", expression.replace("/", " OR "))
    verdict, rest = either(words, allowed)
    if rest:
        raise ValueError(f"cannot read the licence {expression!r}")
    return verdict


def either(words: list[str], allowed: set[str]) -> tuple[bool, list[str]]:
    verdict, words = both(words, allowed)
    while words and words[0] == "OR":
        other, words = both(words[1:], allowed)
        verdict = verdict or other
    return verdict, words


def both(words: list[str], allowed: set[str]) -> tuple[bool, list[str]]:
    verdict, words = one(words, allowed)
    while words and words[0] == "AND":
        other, words = one(words[1:], allowed)
        verdict = verdict and other
    return verdict, words


def one(words: list[str], allowed: set[str]) -> tuple[bool, list[str]]:
    if words[0] == "(":
        verdict, words = either(words[1:], allowed)
        return verdict, words[1:]
    # `Apache-2.0 WITH LLVM-exception` is one licence, named as a whole in the list.
    if len(words) > 2 and words[1] == "WITH":
        name = " ".join(words[:3])
        return name in allowed or words[0] in allowed, words[3:]
    return words[0] in allowed, words[1:]


if __name__ == "__main__":
    sys.exit(main())
