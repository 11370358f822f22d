"""The token of the caller, and its renewal."""

from __future__ import annotations

import inspect
from collections.abc import AsyncGenerator, Awaitable, Callable, Generator

import httpx

#: A token, or a function that returns a fresh one each time. Only the asynchronous client accepts
#: a function that returns an awaitable.
TokenSource = str | Callable[[], str | Awaitable[str]]

UNAUTHORIZED = 401


class Token(httpx.Auth):
    """Authorises requests, and renews the token once a request is refused for it."""

    def __init__(self, source: TokenSource) -> None:
        self._source = source
        self._current = source if isinstance(source, str) else None

    @property
    def is_renewable(self) -> bool:
        """Whether a refused token can be replaced."""
        return not isinstance(self._source, str)

    async def get(self) -> str:
        """The current token."""
        if self._current is None:
            self._current = await self._ask()
        return self._current

    async def renew(self, refused: str) -> str:
        """A token in place of a refused one; several requests may notice at once."""
        if self._current == refused:
            self._current = await self._ask()
        return await self.get()

    async def async_auth_flow(
        self, request: httpx.Request
    ) -> AsyncGenerator[httpx.Request, httpx.Response]:
        """Sends the token, and once more with a new one."""
        token = await self.get()
        response = yield authorize(request, token)
        if response.status_code == UNAUTHORIZED and self.is_renewable:
            yield authorize(request, await self.renew(token))

    def sync_auth_flow(
        self, request: httpx.Request
    ) -> Generator[httpx.Request, httpx.Response, None]:
        """As `async_auth_flow`, for the calls of the synchronous client."""
        token = self._current or self._ask_now()
        response = yield authorize(request, token)
        if response.status_code == UNAUTHORIZED and self.is_renewable:
            if self._current == token:
                self._current = None
            yield authorize(request, self._current or self._ask_now())

    async def _ask(self) -> str:
        assert not isinstance(self._source, str)
        token = self._source()
        return await token if inspect.isawaitable(token) else token

    def _ask_now(self) -> str:
        assert not isinstance(self._source, str)
        token = self._source()
        if not isinstance(token, str):
            raise TypeError("the token function of a synchronous client returns a str")
        self._current = token
        return token


def authorize(request: httpx.Request, token: str) -> httpx.Request:
    """The request with the token."""
    request.headers["Authorization"] = f"Bearer {token}"
    return request
