"""The dialects of chat completions: who speaks like OpenAI, and what each does in another way.

Facts from the providers' references and recorded streams. A dialect is a ``Form`` for the writer,
and what the provider says besides, which ``fill`` adds where a completion does not have it.
"""

from __future__ import annotations

from collections.abc import Callable

import attrs

from sseparse._events import Comment
from sseparse._generate.writers._openai_chat import SAFE, Form
from sseparse.assembly import Choice, Completion
from sseparse.assembly._json import JSONObject


def _nothing(_: Completion) -> JSONObject:
    return {}


def _nothing_of_a_choice(_: Choice) -> JSONObject:
    return {}


@attrs.frozen(kw_only=True)
class Dialect:
    """How a provider speaks.

    Attributes:
        url: where it is asked.
        model: one that it has.
        form: of its chunks.
        comments: what it sends while nothing has been written yet.
        says: what it says besides of a completion.
        says_of_choice: likewise of a choice.
    """

    url: str
    model: str
    form: Form
    comments: tuple[Comment, ...] = ()
    says: Callable[[Completion], JSONObject] = _nothing
    says_of_choice: Callable[[Choice], JSONObject] = _nothing_of_a_choice

    def fill(self, completion: Completion) -> Completion:
        """Return the completion with what the provider says besides."""
        choices = [
            attrs.evolve(choice, extra={**self.says_of_choice(choice), **choice.extra})
            for choice in completion.choices
        ]
        extra = {**self.says(completion), **completion.extra}
        return attrs.evolve(completion, choices=tuple(choices), extra=extra)


def _fingerprint(_: Completion) -> JSONObject:
    return {"system_fingerprint": "fp_5eed000000"}


def _filtered(_: Completion) -> JSONObject:
    return {"prompt_filter_results": [{"prompt_index": 0, "content_filter_results": SAFE}]}


def _x_groq(completion: Completion) -> JSONObject:
    groq: JSONObject = {"id": f"req_{completion.id}"}
    if completion.usage is not None:
        groq["usage"] = completion.usage.raw
    return {"x_groq": groq, **_fingerprint(completion)}


DIALECTS = {
    "azure": Dialect(
        url="https://example.openai.azure.com/openai/deployments/gpt-4o/chat/completions",
        model="gpt-4o-2024-11-20",
        form=Form(filtered=True),
        says=_filtered,
        says_of_choice=lambda _: {"content_filter_results": {}},
    ),
    "deepseek": Dialect(
        url="https://api.deepseek.com/chat/completions",
        model="deepseek-reasoner",
        form=Form(usage="finish"),
        says=_fingerprint,
    ),
    "groq": Dialect(
        url="https://api.groq.com/openai/v1/chat/completions",
        model="openai/gpt-oss-120b",
        form=Form(reasoning="reasoning", calls_whole=True),
        says=_x_groq,
    ),
    "mistral": Dialect(
        url="https://api.mistral.ai/v1/chat/completions",
        model="magistral-medium-latest",
        form=Form(
            nulls=False,
            reasoning="thinking",
            calls_whole=True,
            finish_with_last=True,
            usage="finish",
            padding=True,
        ),
    ),
    "openrouter": Dialect(
        url="https://openrouter.ai/api/v1/chat/completions",
        model="openai/gpt-4o",
        form=Form(role_always=True, content_always=True, reasoning="reasoning", usage="after"),
        comments=(Comment(" OPENROUTER PROCESSING"),) * 2,
        says=lambda _: {"provider": "OpenAI"},
        says_of_choice=lambda choice: {"native_finish_reason": choice.finish_reason},
    ),
    "xai": Dialect(
        url="https://api.x.ai/v1/chat/completions",
        model="grok-3-mini",
        form=Form(role_always=True, nulls=False, calls_whole=True, usage="each"),
        says=_fingerprint,
    ),
}
"""By name, as ``--dialect`` takes it."""
