"""An answer of Gemini's: thoughts, text, two calls of a tool."""

from __future__ import annotations

import json
import random

from benchmarks.answers._made import Answer, Made, Object, arguments_of, letters, pieces_of


def gemini() -> Answer:
    rng = random.Random(13)  # noqa: S311  # no secret
    thoughts, texts = pieces_of(rng, 90, 14), pieces_of(rng, 307, 10)
    arguments = [arguments_of(rng, 12), arguments_of(rng, 8)]
    parts: list[Object] = [{"text": text, "thought": True} for text in thoughts]
    parts += [{"text": text} for text in texts]
    for number, text in enumerate(arguments):
        call: Object = {"name": "edit", "args": json.loads(text), "id": letters(rng, 8).lower()}
        # Of calls made side by side only the first is signed.
        signature: Object = {} if number else {"thoughtSignature": letters(rng, 1200)}
        parts.append({"functionCall": call, **signature})
    parts.append({"text": ""})
    lines = []
    for number, part in enumerate(parts):
        candidate: Object = {"content": {"parts": [part], "role": "model"}}
        if number == len(parts) - 1:
            candidate["finishReason"] = "STOP"
        chunk: Object = {
            "candidates": [{**candidate, "index": 0}],
            "usageMetadata": _gemini_usage(number, len(thoughts)),
            "modelVersion": "gemini-benchmark-1",
            "responseId": "bEnChMaRk0123456789abcd",
        }
        data = json.dumps(chunk, separators=(",", ": "), ensure_ascii=False)
        lines.append(f"data: {data}\r\n\r\n")
    total = 135 + 7 * (len(thoughts) - 1) + 5 * (len(parts) - len(thoughts))
    calls = tuple(("edit", text) for text in arguments)
    truth = Made("".join(texts), "model", total, "".join(thoughts), calls)
    return Answer("gemini", "".join(lines).encode(), truth)


def _gemini_usage(number: int, thoughts: int) -> Object:
    """Return the usage of a chunk: what has been used until then."""
    thought, said = 7 * min(number, thoughts - 1), 5 * max(0, number - thoughts + 1)
    return {
        "promptTokenCount": 135,
        **({"candidatesTokenCount": said} if said else {}),
        "totalTokenCount": 135 + thought + said,
        "promptTokensDetails": [{"modality": "TEXT", "tokenCount": 135}],
        "thoughtsTokenCount": thought,
    }
