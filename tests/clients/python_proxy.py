"""A TCP proxy whose connections break."""

import asyncio
import contextlib
import random
import socket
import struct

CHUNK = 65_536
# Closing then resets the connection, as a crash of the other side does.
LINGER = struct.pack("ii", 1, 0)


class FaultyProxy:
    """Forwards to one address, which can change, and breaks connections on demand.

    With `lost_answers`, this share of what the server sends is lost together with its connection:
    the server has done what was asked, and the client does not know. Requests of the path
    `refused` do not get through.
    """

    def __init__(self, refused=None):
        self.target = None
        self.refused = refused
        self.lost_answers = 0.0
        self.resets = 0
        self.writers = set()
        self.server = None

    async def __aenter__(self):
        self.server = await asyncio.start_server(self.forward, "127.0.0.1", 0)
        return self

    async def __aexit__(self, *_):
        self.server.close()
        self.reset_connections()

    @property
    def url(self):
        return f"http://127.0.0.1:{self.server.sockets[0].getsockname()[1]}"

    def point_to(self, url):
        """Forwards to the address of a server from now on."""
        host, _, port = url.removeprefix("http://").partition(":")
        self.target = (host, int(port))

    def reset_connections(self, share=1.0):
        for writer in list(self.writers):
            if random.random() < share:
                self.reset(writer)

    def reset(self, writer):
        self.resets += 1
        with contextlib.suppress(OSError):
            writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, LINGER)
        writer.transport.abort()

    async def forward(self, reader, writer):
        self.writers.add(writer)
        try:
            answers, requests = await asyncio.open_connection(*self.target)
        except OSError:
            self.reset(writer)
            self.writers.discard(writer)
            return
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(self.copy(reader, requests, refused=self.refused))
                group.create_task(self.copy(answers, writer, lost=self.lost_answers))
        except* OSError:
            pass
        finally:
            self.writers.discard(writer)
            for end in (writer, requests):
                end.transport.abort()

    async def copy(self, reader, writer, *, lost=0.0, refused=None):
        while data := await reader.read(CHUNK):
            if random.random() < lost or (refused and refused in data):
                raise ConnectionResetError
            writer.write(data)
            await writer.drain()
        # One side has closed: so does the other.
        raise ConnectionResetError
