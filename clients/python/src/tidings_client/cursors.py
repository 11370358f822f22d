"""Where a program keeps how far it has come."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Protocol

from .problems import CursorStoreError


class CursorStore(Protocol):
    """Keeps the cursor of one program between its runs: a file, a row, a key.

    Every program that follows entries needs a store of its own.
    """

    def load(self) -> str | None:
        """The stored cursor, or None if nothing was ever stored."""

    def save(self, cursor: str) -> None:
        """Stores the cursor. A crash afterwards must not lose it, or entries are handled again."""


class MemoryCursorStore:
    """Keeps the cursor as long as the object lives."""

    def __init__(self, cursor: str | None = None) -> None:
        self._cursor = cursor

    def load(self) -> str | None:
        """The stored cursor."""
        return self._cursor

    def save(self, cursor: str) -> None:
        """Stores the cursor."""
        self._cursor = cursor


class FileCursorStore:
    """Keeps the cursor in a file, which is replaced as a whole: a crash leaves the old or the new.

    Args:
        path: The file. Its directory must exist.
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self._path = Path(path)

    def load(self) -> str | None:
        """The stored cursor; raises CursorStoreError for a file that holds none."""
        try:
            text = self._path.read_text()
        except FileNotFoundError:
            return None
        try:
            cursor = json.loads(text)["cursor"]
        except (ValueError, KeyError, TypeError):
            cursor = None
        if not isinstance(cursor, str):
            raise CursorStoreError(
                f"{self._path} holds no cursor. Restore it, or remove it to start without one."
            )
        return cursor

    def save(self, cursor: str) -> None:
        """Stores the cursor durably."""
        fresh = self._path.with_name(f"{self._path.name}.new")
        with fresh.open("w") as file:
            json.dump({"cursor": cursor}, file)
            file.flush()
            os.fsync(file.fileno())
        fresh.replace(self._path)


def position_of(cursor: str) -> int:
    """The position that a cursor names: the number before the dot."""
    try:
        return int(cursor.partition(".")[0])
    except ValueError:
        raise ValueError(f"{cursor!r} is no cursor: expected a position, or position.tag") from None
