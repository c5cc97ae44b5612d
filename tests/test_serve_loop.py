"""The event loop of the servers: when it wakes."""

from __future__ import annotations

import asyncio
import sys
import time

import pytest

from sseparse.server._loop import new_event_loop


@pytest.mark.skipif(sys.platform != "linux", reason="others have no milliseconds to round to")
def test_it_wakes_within_the_millisecond_in_which_it_is_due() -> None:
    async def naps() -> list[float]:
        taken = []
        for _ in range(50):
            before = time.monotonic()
            await asyncio.sleep(0.0002)
            taken.append(time.monotonic() - before)
        return taken

    with asyncio.Runner(loop_factory=new_event_loop) as runner:
        taken = runner.run(naps())
    assert min(taken) >= 0.0002
    assert min(taken) < 0.001  # where waits are rounded up, all 50 take longer


def test_it_serves_what_an_event_loop_serves() -> None:
    async def echo() -> bytes:
        async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            writer.write(await reader.readline())
            await writer.drain()
            writer.close()

        async with await asyncio.start_server(answer, "127.0.0.1", 0) as server:
            reader, writer = await asyncio.open_connection(*server.sockets[0].getsockname())
            writer.write(b"hello\n")
            answered = await asyncio.wait_for(reader.read(), 10)
            writer.close()
            await writer.wait_closed()
            return answered + await asyncio.to_thread(lambda: b"from a thread")

    with asyncio.Runner(loop_factory=new_event_loop) as runner:
        assert runner.run(echo()) == b"hello\nfrom a thread"
