"""HTTP clients that raise problems as exceptions."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

import httpx

from .backoff import Backoff
from .problems import (
    ProblemError,
    TidingsError,
    UnreachableError,
    parse_retry_after,
    problem_from,
)

logger = logging.getLogger("tidings_client")

T = TypeVar("T")

#: How many seconds a call is repeated, unless the program says otherwise.
PATIENCE_SECONDS = 300.0

MAX_DETAIL = 300
#: What may work later; other errors of httpx are mistakes of the program, and stay what they are.
BROKEN = (
    httpx.TimeoutException,
    httpx.NetworkError,
    httpx.RemoteProtocolError,
    httpx.ProxyError,
)


class AsyncCalls(httpx.AsyncClient):
    """An asynchronous HTTP client that raises every answer that is no success."""

    async def send(self, request: httpx.Request, **options: Any) -> httpx.Response:
        """Sends a request, and returns its answer if it is a success."""
        try:
            response = await super().send(request, **options)
            if response.is_error:
                await response.aread()
        except BROKEN as error:
            raise unreachable(request, error) from error
        if response.is_error:
            raise problem_of(response)
        return response


class Calls(httpx.Client):
    """A synchronous HTTP client that raises every answer that is no success."""

    def send(self, request: httpx.Request, **options: Any) -> httpx.Response:
        """Sends a request, and returns its answer if it is a success."""
        try:
            response = super().send(request, **options)
            if response.is_error:
                response.read()
        except BROKEN as error:
            raise unreachable(request, error) from error
        if response.is_error:
            raise problem_of(response)
        return response


def unreachable(request: httpx.Request, error: Exception) -> UnreachableError:
    """Some of the errors of httpx have no text."""
    reason = str(error) or type(error).__name__
    return UnreachableError(f"{request.method} {request.url}: {reason}")


def problem_of(response: httpx.Response) -> ProblemError:
    """The problem in an answer; a proxy may answer with something else than a document."""
    return problem_in(response.status_code, response.content, response.headers.get("Retry-After"))


def problem_in(status: int, content: bytes, retry_after: str | None) -> ProblemError:
    """The problem in the parts of an answer."""
    seconds = parse_retry_after(retry_after)
    try:
        document = httpx.Response(status, content=content).json()
    except ValueError:
        document = None
    if not isinstance(document, dict):
        document = {"detail": content[:MAX_DETAIL].decode(errors="replace").strip()}
    return problem_from({**document, "status": status}, seconds)


async def repeat(call: Callable[[], Awaitable[T]], patience: float) -> T:
    """Calls until there is an answer that waiting would not change, or until the time is up."""
    backoff = Backoff()
    deadline = time.monotonic() + patience
    while True:
        try:
            return await call()
        except TidingsError as error:
            delay = backoff.next_delay(error.retry_after)
            if not error.is_temporary or time.monotonic() + delay > deadline:
                raise
            logger.warning("%s; trying again in %.1f s", error, delay)
        await asyncio.sleep(delay)
