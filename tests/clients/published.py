"""The TypeScript client as npm would publish it, in a folder of its own."""

import json
import shutil

from commands import Failure, run
from packages import HERE, ROOT

PROJECT = "clients/typescript"
QUIET = ["--offline", "--no-audit", "--no-fund", "--loglevel=error"]
TYPES = "--noEmit --strict --target es2024 --lib es2024,dom,dom.iterable --module nodenext".split()


def chat_with_the_published_package(context, program):
    """Packs the client, installs it without network, and runs the guide's chat with it."""
    workspace = context.npm_workspace()
    shutil.copy(ROOT / "LICENSE", workspace)
    folder = context.directory / "published"
    folder.mkdir()
    manifest = (workspace / PROJECT / "package.json").read_text()
    packed = pack(context, workspace / PROJECT, folder)
    if (workspace / PROJECT / "package.json").read_text() != manifest:
        raise Failure("npm pack leaves another package.json behind")
    tarballs = [packed, *pack_dependencies(context, json.loads(manifest), folder)]
    (folder / "package.json").write_text('{"private": true, "type": "module"}')
    npm(context, folder, "install", *QUIET, "--ignore-scripts", *tarballs)
    installed = folder / "node_modules/@tidings/client"
    if (installed / "src").exists() or not (installed / "LICENSE").is_file():
        raise Failure(f"{packed.name} has the wrong files: {sorted(installed.iterdir())}")
    (folder / "guide_chat.ts").write_text(program)
    shutil.copy(HERE / "guide.mjs", folder)
    modules = context.packages.node_modules
    types = ["--types", "node", "--typeRoots", modules / "@types"]
    in_folder(context, folder, modules / "typescript/bin/tsc", *TYPES, *types, "guide_chat.ts")
    return in_folder(context, folder, "guide.mjs", **context.chat_variables()).strip()


def pack_dependencies(context, manifest, folder):
    """Packs what a package needs to run, and what that needs."""
    tarballs = []
    for name in manifest.get("dependencies", {}):
        installed = context.packages.node_modules / name
        tarballs.append(pack(context, installed, folder, "--ignore-scripts"))
        needed = json.loads((installed / "package.json").read_text())
        tarballs += pack_dependencies(context, needed, folder)
    return tarballs


def pack(context, project, folder, *options):
    """Packs a package as npm publishes it, and returns the file."""
    before = set(folder.glob("*.tgz"))
    npm(context, project, "pack", *QUIET, *options, "--pack-destination", folder)
    [packed] = set(folder.glob("*.tgz")) - before
    return packed


def npm(context, directory, *arguments):
    return in_folder(context, directory, context.packages.npm, *arguments)


def in_folder(context, directory, *arguments, **variables):
    # An empty cache: nothing comes from what npm has fetched earlier.
    cache = str(context.directory / "npm-cache")
    environment = {**context.packages.environment(), "npm_config_cache": cache, **variables}
    return run([context.packages.node, *arguments], cwd=directory, env=environment)
