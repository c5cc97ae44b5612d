"""How findings are told: to people, to programs, to GitHub, and to whoever reads SARIF."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from urllib.parse import quote

import attrs
import click
import msgspec

from sseparse import __version__
from sseparse.assembly import Finding
from sseparse.cli._input import STDIN
from sseparse.cli._output import encode_json, one_line

COLORS = {"error": "red", "warning": "yellow", "info": "cyan"}
GITHUB = {"error": "error", "warning": "warning", "info": "notice"}
SARIF = {"error": "error", "warning": "warning", "info": "note"}
SARIF_SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"


@attrs.frozen
class Checked:
    """A stream, and what was found in it.

    Attributes:
        path: its file, or ``"-"``.
        findings: what is odd about it.
    """

    path: str
    findings: tuple[Finding, ...]


def text_lines(checked: Checked) -> Iterator[str]:
    """Yield a line for each finding."""
    name = "stdin" if checked.path == STDIN else checked.path
    for finding in checked.findings:
        places = []
        if finding.event_number is not None:
            places.append(f"event {finding.event_number:,}")
        if finding.offset is not None:
            places.append(f"byte {finding.offset:,}")
        where = f" {', '.join(places)}:" if places else ""
        severity = click.style(finding.severity, fg=COLORS[finding.severity])
        message = one_line(f"{finding.message} [{finding.code}]")
        yield f"{one_line(name)}:{where} {severity}: {message}"


def encoded(form: str, checked: Sequence[Checked]) -> bytes:
    """Return the findings in a format for programs."""
    if form == "sarif":
        return msgspec.json.format(encode_json(_sarif(checked)), indent=2) + b"\n"
    lines = _github(checked) if form == "github" else _json(checked)
    return b"".join(line + b"\n" for line in lines)


def _json(checked: Sequence[Checked]) -> Iterator[bytes]:
    for each in checked:
        for finding in each.findings:
            yield encode_json({"file": each.path, **attrs.asdict(finding)})


def _github(checked: Sequence[Checked]) -> Iterator[bytes]:
    """Yield annotations: ``::warning file=…,line=…,title=…::message``.

    Source: GitHub Actions, workflow commands.
    """
    for each in checked:
        lines = _lines(each)
        for finding in each.findings:
            properties = {"file": _relative(each.path)} if _is_file(each.path) else {}
            if properties and finding.offset is not None:
                properties["line"] = str(lines[finding.offset])
            properties["title"] = f"sseparse {finding.code}"
            told = ",".join(f"{name}={_property(value)}" for name, value in properties.items())
            place = "" if finding.event_number is None else f"event {finding.event_number}: "
            message = _data(one_line(place + finding.message))
            yield f"::{GITHUB[finding.severity]} {told}::{message}".encode("utf-8", "replace")


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")


def _relative(path: str) -> str:
    """Return the path as seen from here, as annotations and code scanning want it."""
    try:
        return Path(path).resolve().relative_to(Path.cwd()).as_posix()
    except ValueError:
        return Path(path).resolve().as_uri()


def _uri(path: str) -> str:
    found = _relative(path)
    return found if found.startswith("file:") else quote(os.fsencode(found))


def _is_file(path: str) -> bool:
    """Return whether it can be looked at again, as a pipe cannot."""
    return path != STDIN and Path(path).is_file()


def _lines(checked: Checked) -> dict[int, int]:
    """Return the number of the line that each offset is on, from 1; of a pipe it is not known."""
    offsets = sorted({one.offset for one in checked.findings if one.offset is not None})
    if not _is_file(checked.path):
        return dict.fromkeys(offsets, 1)
    found: dict[int, int] = {}
    at = 0
    line = 1
    with Path(checked.path).open("rb") as body:
        for offset in offsets:
            while at < offset and (data := body.read(min(2**20, offset - at))):
                line += data.count(b"\n")
                at += len(data)
            found[offset] = line
    return found


def _sarif(checked: Sequence[Checked]) -> dict[str, object]:
    """Return the findings as a log of SARIF 2.1.0 (OASIS standard)."""
    from sseparse.inspect import RULES

    codes = sorted({one.code for each in checked for one in each.findings})
    rules = [
        {
            "id": code,
            "shortDescription": {"text": RULES[code].title},
            "fullDescription": {"text": RULES[code].cause},
            "help": {"text": RULES[code].cure},
            "defaultConfiguration": {"level": SARIF[RULES[code].severity]},
            "properties": {"tags": [RULES[code].group]},
        }
        for code in codes
        if code in RULES
    ]
    results = [result for each in checked for result in _results(each, codes)]
    driver = {"name": "sseparse", "version": __version__, "rules": rules}
    run = {"tool": {"driver": driver}, "columnKind": "utf16CodeUnits", "results": results}
    return {"$schema": SARIF_SCHEMA, "version": "2.1.0", "runs": [run]}


def _results(checked: Checked, codes: list[str]) -> Iterator[dict[str, object]]:
    lines = _lines(checked)
    uri = _uri(checked.path) if _is_file(checked.path) else "stdin"
    for finding in checked.findings:
        region: dict[str, object] = {"startLine": 1}
        if finding.offset is not None:
            region = {"startLine": lines[finding.offset], "byteOffset": finding.offset}
        location: dict[str, object] = {
            "physicalLocation": {"artifactLocation": {"uri": uri}, "region": region}
        }
        result: dict[str, object] = {
            "ruleId": finding.code,
            "ruleIndex": codes.index(finding.code),
            "level": SARIF[finding.severity],
            "message": {"text": one_line(finding.message)},
            "locations": [location],
        }
        if finding.event_number is not None:
            result["properties"] = {"eventNumber": finding.event_number}
        yield result
