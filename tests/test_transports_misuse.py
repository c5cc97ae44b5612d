"""What a newcomer gives a transport by mistake is answered in words that help."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import httpx
import httpx2
import pytest
from replayed import timed

from sseparse.http import (
    AsyncRecordingTransport,
    AsyncReplayTransport,
    RecordingTransport,
    ReplayTransport,
    recording_hook,
)
from sseparse.server import serve_in_thread

URL = "https://provider.example/v1"
every_library = pytest.mark.parametrize("library", [httpx2, httpx], ids=lambda one: one.__name__)


@every_library
def test_an_async_client_with_a_sync_transport_is_told_which_it_takes(
    library: Any, tmp_path: Path
) -> None:
    async def ask(transport: Any) -> None:
        async with library.AsyncClient(transport=transport) as client:
            await client.get(URL)

    with pytest.raises(AttributeError, match="AsyncClient takes AsyncReplayTransport"):
        asyncio.run(ask(ReplayTransport(timed())))
    with pytest.raises(AttributeError, match="AsyncClient takes AsyncRecordingTransport"):
        asyncio.run(ask(RecordingTransport(tmp_path)))


@every_library
def test_a_sync_client_with_an_async_transport_is_told_which_it_takes(
    library: Any, tmp_path: Path
) -> None:
    for transport, wanted in (
        (AsyncReplayTransport(timed()), "Client takes ReplayTransport"),
        (AsyncRecordingTransport(tmp_path), "Client takes RecordingTransport"),
    ):
        with pytest.raises(AttributeError, match=wanted):
            library.Client(transport=transport).get(URL)


def test_options_that_are_no_transforms_are_refused_where_they_are_given() -> None:
    options: Any = {"speed": 10}
    with pytest.raises(TypeError, match="this is dict"):
        ReplayTransport(timed(), transforms=options)
    with (
        pytest.raises(TypeError, match="this is dict"),
        serve_in_thread(timed(), transforms=options),
    ):
        pass


@pytest.mark.parametrize("name", ["a/b", "../up", "..", "a\\b"])
def test_a_name_with_a_folder_in_it_is_refused(name: str, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="it names a file, and the folder is given apart"):
        RecordingTransport(tmp_path / "in", name=name)
    with pytest.raises(ValueError, match="it names a file"):
        recording_hook(tmp_path / "in", name=name)


def test_a_name_may_have_the_ending_that_it_gets(tmp_path: Path) -> None:
    transport = RecordingTransport(tmp_path, ReplayTransport(timed()), name="answer.txt")
    with httpx2.Client(transport=transport) as client:
        client.get(URL)
    assert transport.recordings == [tmp_path / "answer.txt"]
