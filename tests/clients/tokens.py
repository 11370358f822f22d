"""Runs the examples of docs/tokens.md, with which an app's backend makes tokens."""

import sys

from commands import Failure, run
from examples import find_examples

PAGE = "tokens.md"


def make_tokens(context):
    """Every token opens an inbox."""
    programs = {"python": [sys.executable, "-c"], "js": [context.packages.node, "--eval"]}
    examples = dict(find_examples(PAGE))
    missing = programs.keys() - examples.keys()
    if missing:
        raise Failure(f"{PAGE} has no example in {', '.join(missing)}")
    for language, program in programs.items():
        # The page names the default data directory, which this system has too.
        token = run([*program, examples[language]], cwd=context.system.data.parent).strip()
        context.system.get("/v1/inbox", Authorization=f"Bearer {token}")
    return f"the examples of {PAGE} in Python and Node.js work"
