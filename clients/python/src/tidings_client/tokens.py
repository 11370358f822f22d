"""The token of the caller, and its renewal."""

from __future__ import annotations

import inspect
import ssl
from collections.abc import AsyncGenerator, Awaitable, Callable, Generator
from dataclasses import dataclass, field

import httpx

from .calls import AsyncCalls, Calls

UNAUTHORIZED = 401
SESSIONS = "/v1/sessions"


@dataclass(frozen=True)
class Password:
    """Signs in to a local account of the server, and again when the token has expired."""

    user: str
    password: str = field(repr=False)

    def body(self) -> dict[str, str]:
        """The request for a token."""
        return {"user": self.user, "password": self.password}


#: A token, the password of a local account, or a function that returns a fresh token each time.
#: Only the asynchronous client accepts a function that returns an awaitable.
TokenSource = str | Password | Callable[[], str | Awaitable[str]]


class Token(httpx.Auth):
    """Authorises requests, and renews the token once a request is refused for it."""

    def __init__(
        self, source: TokenSource, base_url: str, ssl_context: ssl.SSLContext | None = None
    ) -> None:
        self._source = source
        self._base_url = base_url
        self._verify = ssl_context or True
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
        if isinstance(self._source, Password):
            async with AsyncCalls(base_url=self._base_url, verify=self._verify) as calls:
                answer = await calls.post(SESSIONS, json=self._source.body())
            return str(answer.json()["token"])
        token = self._source()
        return await token if inspect.isawaitable(token) else token

    def _ask_now(self) -> str:
        assert not isinstance(self._source, str)
        if isinstance(self._source, Password):
            with Calls(base_url=self._base_url, verify=self._verify) as calls:
                answer = calls.post(SESSIONS, json=self._source.body())
            token: str | Awaitable[str] = str(answer.json()["token"])
        else:
            token = self._source()
        if not isinstance(token, str):
            raise TypeError("the token function of a synchronous client returns a str")
        self._current = token
        return token


def authorize(request: httpx.Request, token: str) -> httpx.Request:
    """The request with the token."""
    request.headers["Authorization"] = f"Bearer {token}"
    return request
