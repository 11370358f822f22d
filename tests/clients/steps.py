"""The steps, in order. Each returns what it has seen, or raises Failure."""

from analysis import ask_questions, run_notebook
from analysts import compare_formats, read_export, read_mixed_export, read_with_psql
from chat_steps import CHAT_STEPS
from console import test_console_units, use_console, use_console_desks, use_console_first
from metrics import check_metrics
from monitoring import ask_prometheus
from packages import HERE
from pages import compare_build
from panels import PANEL_STEPS
from screenshots import SCREENSHOT_STEPS
from projection import project_events
from python_client import (
    break_python_clients,
    break_python_uploads,
    check_python_client,
    install_python_client,
    run_python_guide,
)
from python_generated import compare_python_client
from scale import check_simulation, measure_bytes
from tokens import make_tokens
from typescript import (
    chat_of_the_guide,
    chat_of_the_published_package,
    check_generated_calls,
    find_planted_bugs,
    run_unit_tests,
    soak_client,
)
from watch import watch_status
from web_server import OTHER_ORIGIN_HOST, PAGE_ORIGIN_HOST

OPENAPI = "/openapi.json"
ASYNCAPI = "/asyncapi.json"
MODULES = "node_modules"


def validate_openapi(context):
    document = context.fetch_document(OPENAPI)
    context.python("-m", "openapi_spec_validator", document)
    return context.node("lint_openapi.mjs", document).strip()


def validate_asyncapi(context):
    document = context.fetch_document(ASYNCAPI)
    return context.node("validate_asyncapi.mjs", document).strip()


def chat_in_typescript(context):
    document = context.fetch_document(OPENAPI)
    generator = f"{MODULES}/openapi-typescript/bin/cli.js"
    context.node(generator, document, "--output", "api.d.ts")
    context.node(f"{MODULES}/typescript/bin/tsc", "--project", ".")
    return context.node("chat.ts", **context.chat_variables()).strip()


def chat_in_python(context):
    files = compare_python_client(context, context.fetch_document(OPENAPI))
    install_python_client(context)
    chat = context.python(HERE / "chat.py", **context.chat_variables()).strip()
    return f"{files} files are up to date; {chat}"


def chat_on_a_page(context):
    variables = {
        **context.chat_variables(),
        **context.packages.chromium_environment(),
        "EXPIRED_TOKEN": context.system.expired_token("ann"),
        "PAGE": f"http://{PAGE_ORIGIN_HOST}:{context.page_port}/page.html",
        "OTHER_PAGE": f"http://{OTHER_ORIGIN_HOST}:{context.page_port}/page.html",
        "CHROMIUM": str(context.packages.chromium),
    }
    return context.node("page.mjs", **variables).strip()


PROGRAM_STEPS = [
    ("OpenAPI document", validate_openapi),
    ("AsyncAPI document", validate_asyncapi),
    ("tokens", make_tokens),
    ("generated TypeScript client", chat_in_typescript),
    ("generated Python client", chat_in_python),
    ("TypeScript client: generated calls are up to date", check_generated_calls),
    ("TypeScript client: unit tests", run_unit_tests),
    ("TypeScript client: the guide's chat", chat_of_the_guide),
    ("TypeScript client: the published package", chat_of_the_published_package),
    ("TypeScript client: chaos", soak_client),
    ("TypeScript client: planted bugs", find_planted_bugs),
    ("metrics", check_metrics),
    ("dashboard and alerts in Prometheus", ask_prometheus),
    ("status on a terminal", watch_status),
    ("psql", read_with_psql),
    ("export in DuckDB, pandas and polars", read_export),
    ("export with empty columns in pandas and polars", read_mixed_export),
    ("export in Parquet and JSON Lines", compare_formats),
    ("questions of analysts in SQL", ask_questions),
    ("notebook of analysts", run_notebook),
    ("projection in Python", project_events),
    ("scale: simulation", check_simulation),
    ("scale: bytes of a message", measure_bytes),
    ("Python client", check_python_client),
    ("guide of the Python client", run_python_guide),
    ("Python client: interrupted uploads", break_python_uploads),
    ("Python clients under chaos", break_python_clients),
]

BROWSER_STEPS = [
    ("page of another origin in Chromium", chat_on_a_page),
    ("pages: the committed build is up to date", compare_build),
    *CHAT_STEPS,
    *PANEL_STEPS,
    *SCREENSHOT_STEPS,
    ("operations console: units", test_console_units),
    ("operations console: first run", use_console_first),
    ("operations console: pages", use_console),
    ("ops: desks", use_console_desks),
]
