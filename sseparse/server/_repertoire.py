"""What a replay server can play: recordings, transformed once, framed once, chosen by request."""

from __future__ import annotations

from collections import OrderedDict

import attrs

from sseparse._errors import FaultError, SSEError
from sseparse.recording import Recording, Request
from sseparse.replay import Recordings, Transforms, parse_faults
from sseparse.replay._transforms import as_transforms
from sseparse.server._frames import Frames, make_frames, make_head
from sseparse.server._resume import rest_after

ODD_ONES = 64
"""Variants kept beside the usual one of each recording: with faults of a request, or only a rest.
Tests ask for the same few again and again."""

FAULTS_OF_A_REQUEST = 8
"""What one may name: a stream that is made while others run makes them late."""


class FaultRefused(SSEError, ValueError):
    """The fault that a request names cannot be had."""


class Repertoire:
    """Finds what a request is answered with.

    Args:
        recordings: to choose from.
        transforms: applied to each.

    Raises:
        ValueError: a transform is out of its range, or a fault names no event of a recording.
        RecordingError: the response of a recording cannot be sent.
    """

    def __init__(self, recordings: Recordings, transforms: Transforms) -> None:
        self._recordings = recordings
        self._transforms = as_transforms(transforms)
        self._names = {id(one): name for name, one in recordings.by_name.items()}
        self._usual: dict[tuple[str, bool], Frames] = {}
        self._odd: OrderedDict[tuple[str, bool, str, str], Frames | None] = OrderedDict()
        for name, recording in recordings.by_name.items():
            make_head(self._transformed(name, recording, transforms), name)

    def choose(
        self,
        request: Request,
        *,
        name: str | None = None,
        faults: str = "",
        last_event_id: str = "",
        chunked: bool = True,
    ) -> Frames | None:
        """Return what is to be played.

        Args:
            request: as it came.
            name: the recording asked for.
            faults: those of this request, after those of the server.
            last_event_id: the client has all up to this event.
            chunked: see ``make_frames``.

        Returns:
            The frames; None, if the client has all of it already.

        Raises:
            NoSuchRecording: none is named so, or none fits.
            FaultRefused: the faults cannot be understood, or there is no such event.
        """
        recording = self._recordings.choose(request, name)
        name = self._names[id(recording)]
        if not faults and not last_event_id:
            usual = self._usual.get((name, chunked))
            if usual is None:
                played = self._transformed(name, recording, self._transforms)
                usual = self._usual[name, chunked] = make_frames(played, name, chunked=chunked)
            return usual
        key = (name, chunked, faults, last_event_id)
        if key in self._odd:
            self._odd.move_to_end(key)
        else:
            self._odd[key] = self._make_odd(recording, *key)
            if len(self._odd) > ODD_ONES:
                self._odd.popitem(last=False)
        return self._odd[key]

    def _make_odd(
        self, recording: Recording, name: str, chunked: bool, faults: str, last_event_id: str
    ) -> Frames | None:
        transforms = self._transforms
        try:
            asked = parse_faults(faults) if faults else ()
            if len(asked) > FAULTS_OF_A_REQUEST:
                message = f"{len(asked)} faults are too many; a request names {FAULTS_OF_A_REQUEST}"
                raise FaultRefused(f"{message} at most")
            if last_event_id:
                whole = attrs.evolve(transforms, faults=()).apply(recording)
                rest = rest_after(whole, last_event_id)
                if rest is not None and not rest.reads:
                    return None
                if rest is not None:
                    rest = Transforms(faults=asked, seed=transforms.seed).apply(rest)
                    return make_frames(rest, name, chunked=chunked)
            with_faults = attrs.evolve(transforms, faults=(*transforms.faults, *asked))
            played = self._transformed(name, recording, with_faults)
        except FaultError as error:
            raise FaultRefused(str(error)) from None
        return make_frames(played, name, chunked=chunked)

    def _transformed(self, name: str, recording: Recording, transforms: Transforms) -> Recording:
        try:
            return transforms.apply(recording)
        except FaultError as error:
            raise FaultError(error.fault, f"{error.reason} (recording {name})") from None
