"""Entries and cursor stores."""

import tempfile
import unittest
from pathlib import Path
from typing import get_args

from fakes import entry, text_message

from tidings_client import CursorStoreError, Entry, FileCursorStore, UnknownEntry, identity_of
from tidings_client.cursors import position_of
from tidings_client.entries import ENTRY_MODELS, parse_entry
from tidings_client.generated import models


class Entries(unittest.TestCase):
    """What the generated models make of entries."""

    def test_every_generated_entry_has_its_place(self):
        generated = {
            model
            for model in vars(models).values()
            if isinstance(model, type)
            and {"position", "conversation_id", "data"} <= model.__annotations__.keys()
        }
        self.assertEqual(generated, set(get_args(Entry)) - {UnknownEntry})
        for name, model in ENTRY_MODELS.items():
            self.assertEqual([name], list(getattr(models, f"{model.__name__}Type")))

    def test_a_message_that_was_recalled(self):
        message = {**text_message(1), "body": None, "recalled": True}
        sent = {**entry(2), "type": "message_sent", "data": message}
        parsed = parse_entry(sent)
        self.assertIsInstance(parsed.data, models.TextMessage)
        self.assertIsNone(parsed.data.body)
        self.assertEqual(identity_of(parsed), (2, "lunch"))

    def test_a_message_of_a_later_type(self):
        sent = {**entry(2), "type": "message_sent", "data": {"type": "hologram"}}
        parsed = parse_entry(sent)
        self.assertIsInstance(parsed, UnknownEntry)
        self.assertEqual(identity_of(parsed), (2, "lunch"))


class Stores(unittest.TestCase):
    """Cursors in files."""

    def setUp(self):
        directory = tempfile.TemporaryDirectory()
        self.addCleanup(directory.cleanup)
        self.path = Path(directory.name) / "bot.cursor"

    def test_keeps_the_last_cursor(self):
        store = FileCursorStore(self.path)
        self.assertIsNone(store.load())
        store.save("1.t")
        store.save("2.t")
        self.assertEqual(FileCursorStore(self.path).load(), "2.t")
        self.assertEqual([file.name for file in self.path.parent.iterdir()], ["bot.cursor"])

    def test_a_damaged_file_is_not_the_start(self):
        for text in ("", "{", "[]", '{"cursor": 5}'):
            self.path.write_text(text)
            with self.assertRaisesRegex(CursorStoreError, "bot.cursor holds no cursor"):
                FileCursorStore(self.path).load()

    def test_positions(self):
        self.assertEqual([position_of("12.5f3a"), position_of("7")], [12, 7])
        with self.assertRaisesRegex(ValueError, "'now' is no cursor"):
            position_of("now")
