"""The SDKs and HTTP libraries that people use, pointed at the replay server by its URL alone.

Each reads every whole recording of its protocol among the fixtures, and ends with the text that
``assemble`` finds in it.
"""

from __future__ import annotations

import math
import subprocess
from collections.abc import Iterator
from pathlib import Path

import anthropic
import openai
import pytest
from asking import CHAT, PLAIN
from cli import read_some, start
from sdks import CLIENTS, KEY, MESSAGES, PROTOCOLS, WARNINGS, ask, protocol_of
from whole import CURRENT, ODD, check_all, whole_streams

from sseparse import Recording, assemble
from sseparse.recording import Header
from sseparse.replay import Transforms
from sseparse.server import serve_in_thread

pytestmark = WARNINGS


@pytest.fixture(scope="module")
def url(fixtures_dir: Path) -> Iterator[str]:
    """The server, as people start it; each read is a write of its own, a millisecond apart."""
    with start("serve", fixtures_dir, "--interval", "0.001", "--silent") as process:
        yield read_some(process.stdout).decode().strip()


@pytest.mark.parametrize("client", CLIENTS)
def test_a_client_reads_what_assemble_reads(client: str, url: str, fixtures_dir: Path) -> None:
    expected = whole_streams(fixtures_dir, protocol_of(client))
    check_all(
        expected,
        {name: ask(client, url, headers={"x-sseparse-recording": name}) for name in expected},
    )


def test_what_is_left_out_is_there_and_every_protocol_has_more(fixtures_dir: Path) -> None:
    for name in ODD:
        assert (fixtures_dir / f"{name}.txt").exists()
    for protocol in PROTOCOLS.values():
        texts = [one.content for one in whole_streams(fixtures_dir, protocol).values()]
        assert any(texts), protocol


def test_the_snapshot_of_anthropics_helper_is_the_completion(url: str, fixtures_dir: Path) -> None:
    name = "anthropic-messages/complete.txt"
    headers = {"x-sseparse-recording": name}
    with (
        anthropic.Anthropic(base_url=url, api_key=KEY, default_headers=headers) as client,
        client.messages.stream(model="m", max_tokens=9, messages=MESSAGES) as stream,
    ):
        message = stream.get_final_message()
    completion = assemble(fixtures_dir / name)
    assert [block.text for block in message.content if block.type == "text"]
    assert "".join(block.text for block in message.content if block.type == "text") == (
        completion.content
    )
    assert message.stop_reason == completion.finish_reason


def test_the_snapshot_of_openais_helper_is_the_completion(url: str, fixtures_dir: Path) -> None:
    headers = {"x-sseparse-recording": CURRENT}
    chat = {name: value for name, value in CHAT.items() if name != "stream"}
    with (
        openai.OpenAI(base_url=f"{url}/v1", api_key=KEY, default_headers=headers) as client,
        client.chat.completions.stream(**chat) as stream,
    ):
        completion = stream.get_final_completion()
    assert completion.choices[0].message.content == assemble(fixtures_dir / CURRENT).content


def test_clients_that_ask_at_the_paths_of_their_providers_need_name_no_recording(
    fixtures_dir: Path,
) -> None:
    paths = {
        "openai chat": "/v1/chat/completions",
        "openai Responses": "/v1/responses",
        "anthropic": "/v1/messages",
        "google-genai": "/v1beta/models/m:streamGenerateContent",
        "google-genai interactions": "/v1beta/interactions",
        "cohere": "/v2/chat",
    }
    recordings = []
    for client, path in paths.items():
        name = "writer" if client == "openai chat" else "complete"
        recording = Recording.load(fixtures_dir / protocol_of(client) / f"{name}.txt")
        recordings.append(asked_at(path, recording))
    with serve_in_thread(recordings, transforms=Transforms(speed=math.inf)) as url:
        for client, recording in zip(paths, recordings, strict=True):
            heard = ask(client, url)
            assert (heard.text, heard.error) == (assemble(recording).content, None)


def asked_at(path: str, recording: Recording) -> Recording:
    """Return a recording with the request that it answers."""
    request = {"method": "POST", "url": f"https://api.example{path}", "headers": []}
    return Recording(recording.reads, Header(request=request))


def test_an_sdk_shows_why_no_recording_fits(url: str) -> None:
    heard = ask("openai chat", url, headers={"x-sseparse-recording": "none"})
    assert isinstance(heard.error, openai.NotFoundError)
    assert "no recording is named 'none'" in heard.error.message


@pytest.mark.parametrize("client", PLAIN)
def test_a_client_of_plain_http_sees_the_end_marker(client: str, url: str) -> None:
    heard = ask(client, url, headers={"x-sseparse-recording": CURRENT})
    assert heard.done


def test_curl_gets_the_very_bytes(url: str, fixtures_dir: Path) -> None:
    for name in (CURRENT, "openai-chat/openrouter.txt"):
        command = ["curl", "-sN", "--max-time", "20", f"{url}/v1?recording={name}"]
        done = subprocess.run(command, capture_output=True, check=True)
        assert done.stdout == (fixtures_dir / name).read_bytes()
