"""The generated part of the Python client, which is compared with what the server serves.

`WRITE_GENERATED=1 make test-clients ARGS=generated` writes it instead.
"""

import filecmp
import json
import os
import shutil

from commands import Failure
from packages import HERE, ROOT

GENERATED = ROOT / "clients/python/src/tidings_client/generated"
WRITE = "WRITE_GENERATED"
# The hand-written part of the client speaks it.
LIVE = "/v1/live"
JSON = "application/json"
MAX_NAMES = 20


def compare_python_client(context, document):
    """Generates it from an OpenAPI document, and returns how many files it has."""
    fresh = generate(context, document)
    if os.environ.get(WRITE):
        shutil.rmtree(GENERATED, ignore_errors=True)
        shutil.copytree(fresh, GENERATED)
    different = sorted(differences(fresh, GENERATED))
    if different:
        names = "\n".join(different[:MAX_NAMES])
        raise Failure(
            f"{len(different)} files of {GENERATED.relative_to(ROOT)} do not agree with the OpenAPI"
            f" document. Run `{WRITE}=1 make test-clients ARGS=generated`:\n{names}"
        )
    return len(files_of(GENERATED))


def generate(context, document):
    directory = context.directory / "generated"
    prepared = context.directory / "openapi-for-python.json"
    prepared.write_text(json.dumps(prepare(json.loads(document.read_text()))))
    options = ["--path", prepared, "--output-path", directory, "--meta", "none"]
    templates = ["--custom-template-path", HERE / "python_templates"]
    config = ["--config", HERE / "python_client.yaml"]
    output = context.python(
        "-m", "openapi_python_client", "generate", *options, *templates, *config
    )
    # The generator leaves out what it cannot express, and only warns.
    if "warning" in output.lower():
        raise Failure(f"The Python client is incomplete:\n{output}")
    # It is a cache of ruff, which formats the code.
    shutil.rmtree(directory / ".ruff_cache", ignore_errors=True)
    return directory


def prepare(document):
    """Leaves out what the calls do in another way."""
    del document["paths"][LIVE]
    for path in document["paths"].values():
        for operation in path.values():
            # The generator does not know that a call inherits what the document says, nor `{}`.
            security = operation.get("security", document["security"])
            operation["security"] = [scheme for scheme in security if scheme]
            # Problems are exceptions, so the results have only the types of success.
            responses = operation["responses"].items()
            operation["responses"] = {
                status: answer for status, answer in responses if status.startswith("2")
            }
            # Where lines of JSON are accepted too, the calls send one document.
            contents = operation.get("requestBody", {}).get("content", {})
            if JSON in contents:
                operation["requestBody"]["content"] = {JSON: contents[JSON]}
    return document


def differences(fresh, committed):
    names = files_of(fresh) | files_of(committed)
    for name in names:
        both = (fresh / name).is_file() and (committed / name).is_file()
        if not both or not filecmp.cmp(fresh / name, committed / name, shallow=False):
            yield str(name)


def files_of(directory):
    files = (path for path in directory.rglob("*.py") if path.is_file())
    return {path.relative_to(directory) for path in files}
