"""What every step has."""

import shutil
import sys
from dataclasses import dataclass
from pathlib import Path

from commands import MOST_SECONDS, run
from packages import HERE, NPM_PROJECTS, ROOT, Packages
from system import System


@dataclass(frozen=True)
class Context:
    """The directory of this run, the packages and the running system."""

    directory: Path
    packages: Packages
    system: System
    page_port: int

    def fetch_document(self, path):
        """Saves a document that the system serves, and returns its path."""
        file = self.directory / path.lstrip("/")
        file.write_text(self.system.get(path))
        return file

    def python(self, *arguments, timeout=MOST_SECONDS, **variables):
        """Runs Python with the packages and with what is in the directory of this run."""
        environment = {**self.packages.environment(), **variables}
        environment["PYTHONPATH"] += f":{self.directory}"
        command = [sys.executable, *arguments]
        return run(command, timeout, cwd=self.directory, env=environment)

    def node(self, *arguments, **variables):
        """Runs Node.js among copies of the scripts, next to which it finds the npm packages."""
        project = self.directory / "node"
        if not project.exists():
            project.mkdir()
            for script in [*HERE.glob("*.ts"), *HERE.glob("*.mjs"), HERE / "tsconfig.json"]:
                shutil.copy(script, project)
            (project / "package.json").write_text('{"type": "module"}')
            (project / "node_modules").symlink_to(self.packages.node_modules)
        environment = {**self.packages.environment(), **variables}
        return run([self.packages.node, *arguments], cwd=project, env=environment)

    def npm_workspace(self):
        """A copy of the npm projects of this repository, next to the packages that they use."""
        workspace = self.directory / "npm"
        if not workspace.exists():
            for name in NPM_PROJECTS:
                ignored = shutil.ignore_patterns("node_modules")
                shutil.copytree(ROOT / name, workspace / name, ignore=ignored)
            modules = workspace / "node_modules"
            modules.mkdir()
            for package in self.packages.node_modules.iterdir():
                if package.name != "@tidings":
                    (modules / package.name).symlink_to(package)
            (modules / "@tidings").mkdir()
            (modules / "@tidings/client").symlink_to(workspace / "clients/typescript")
        return workspace

    def node_in(self, project, *arguments, timeout=MOST_SECONDS, **variables):
        """Runs Node.js in the copy of a project of this repository."""
        environment = {**self.packages.environment(), **variables}
        environment["TIDINGS_BIN"] = str(self.system.binary)
        directory = self.npm_workspace() / project
        command = [self.packages.node, *arguments]
        return run(command, timeout=timeout, cwd=directory, env=environment)

    def chat_variables(self):
        """What a chat script needs: the address, and a token each for Ann and Bob."""
        return {
            "TIDINGS_URL": self.system.url,
            "ANN_TOKEN": self.system.token("ann"),
            "BOB_TOKEN": self.system.token("bob"),
        }
