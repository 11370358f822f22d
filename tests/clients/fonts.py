"""The fonts with which the pages are tested, next to those that come with Chromium.

Chromium comes with a font of Latin, Greek and Cyrillic letters. These pinned ones, all under the
SIL Open Font License, are for Chinese and Japanese, Arabic and emoji, so that screenshots are
readable and alike on every machine.
"""

import shutil
import struct
import zlib

CHINESE_AND_JAPANESE = "manimgx_fonts_cjk/NotoSansCJK-VF.otf.ttc"
EMOJI_AND_ARABIC = [
    "noto-color-emoji/files/noto-color-emoji-emoji-400-normal.woff",
    "noto-sans-arabic/files/noto-sans-arabic-arabic-400-normal.woff",
    "noto-sans-arabic/files/noto-sans-arabic-arabic-700-normal.woff",
]
# A second form of every emoji, which Chromium does not read and which is four times as large.
UNUSED_TABLES = [b"SVG "]


def install_fonts(packages):
    packages.fonts.mkdir(parents=True, exist_ok=True)
    shutil.copy(packages.python / CHINESE_AND_JAPANESE, packages.fonts)
    for name in EMOJI_AND_ARABIC:
        source = packages.node_modules / "@fontsource" / name
        target = packages.fonts / source.with_suffix(".ttf").name
        target.write_bytes(unpack_woff(source.read_bytes()))


def unpack_woff(woff):
    """The font in a web font. Chromium draws nothing where an installed font is packed."""
    tables = [table for table in read_tables(woff) if table[0] not in UNUSED_TABLES]
    power = len(tables).bit_length() - 1
    search_range = 16 << power
    head = [woff[4:8], len(tables), search_range, power, 16 * len(tables) - search_range]
    font = [struct.pack(">4sHHHH", *head)]
    offset = 12 + 16 * len(tables)
    for tag, content, checksum in tables:
        font.append(struct.pack(">4sIII", tag, checksum, offset, len(content)))
        offset += padded(len(content))
    font.extend(content.ljust(padded(len(content)), b"\0") for _, content, _ in tables)
    return b"".join(font)


def read_tables(woff):
    """The name, content and checksum of each table."""
    (count,) = struct.unpack_from(">H", woff, 12)
    for number in range(count):
        entry = struct.unpack_from(">4sIIII", woff, 44 + 20 * number)
        tag, offset, packed_length, length, checksum = entry
        content = woff[offset : offset + packed_length]
        if packed_length < length:
            content = zlib.decompress(content)
        yield tag, content, checksum


def padded(length):
    return -(-length // 4) * 4
