"""The tools that OpenAI runs itself, and what streams of them: status, images, shells.

None of it is text of the model's. The items have what they came to; an item that is done overrides
whatever was shown on the way.
"""

from __future__ import annotations

from sseparse.assembly._delta import Delta
from sseparse.assembly._fragments import Entries, Fields, Pieces, append, entries
from sseparse.assembly._json import JSONObject, as_index, as_list, as_object
from sseparse.assembly._states import PartState, PartStep
from sseparse.assembly.protocols._openai_responses_items import OutputFold, drop_partial_image
from sseparse.assembly.protocols._openai_responses_parts import OutputItem, overlay

_OF_PARTIAL_IMAGE = frozenset(("type", "sequence_number", "item_id", "output_index"))


class ToolFold(OutputFold):
    """The part of the fold that is about calls in progress."""

    def fold_status(
        self, event: JSONObject, step: PartStep, kind: str, deltas: list[Delta]
    ) -> None:
        """Fold in how far a call is: the last word of the event's type says so."""
        item = self._item_at_work(event, kind, deltas)
        status = str(event.get("type")).rpartition(".")[2]
        if "status" in item.fields:  # (not every item has one)
            item.fields["status"] = status

    def fold_image(self, event: JSONObject, step: PartStep, kind: str, deltas: list[Delta]) -> None:
        """Fold in a partial image: a trace of each, the data of the last until the image is there.

        They stand in the call's ``extra["partial_images"]``.
        """
        item = self._item_at_work(event, kind, deltas)
        call = self.need_call(item, kind, {}, deltas)
        self.grew(self.answer())
        drop_partial_image(item)
        partial = {key: value for key, value in event.items() if key not in _OF_PARTIAL_IMAGE}
        entries(call.extra, "partial_images").append(Fields(partial))

    def fold_command(
        self, event: JSONObject, step: PartStep, kind: str, deltas: list[Delta]
    ) -> None:
        """Fold in a command for a shell, or a piece of one."""
        item = self._item_at_work(event, kind, deltas)
        action = item.fields.get("action")
        if not isinstance(action, Fields):
            action = item.fields["action"] = Fields(as_object(action))
        commands = entries(action, "commands")
        place = _place(commands, as_index(event.get("command_index")))
        if place == len(commands):
            commands.append(Pieces())
        command = commands[place]
        piece = event.get("delta" if step is PartStep.GROW else "command")
        if not isinstance(piece, str):
            self.bad_shape("a command", "text")
        elif isinstance(command, Pieces):
            if step is PartStep.GROW:
                command.append(piece)
            else:
                command[:] = [piece]

    def fold_shell(self, event: JSONObject, step: PartStep, kind: str, deltas: list[Delta]) -> None:
        """Fold in what a command wrote."""
        item = self._item_at_work(event, kind, deltas)
        outputs = entries(item.fields, "output")
        place = _place(outputs, as_index(event.get("command_index")))
        if step is PartStep.CLOSE:
            if isinstance(event.get("output"), list):
                outputs[place:] = as_list(event["output"])
            return
        if place == len(outputs):
            outputs.append(Fields())
        output = outputs[place]
        for key, piece in as_object(event.get("delta")).items():
            if isinstance(piece, str) and isinstance(output, Fields):
                append(output, key, piece)

    def _item_at_work(self, event: JSONObject, kind: str, deltas: list[Delta]) -> OutputItem:
        item = self.need_item(event, kind, deltas)
        if item.state is PartState.ABSENT:
            self.part_step(item, PartStep.GROW)
            overlay(item.fields, "status", "in_progress")
        return item


def _place(known: Entries, index: int | None) -> int:
    """Return the place of an entry that an event numbers: a known one, or the next.

    Without a number it is the last one.
    """
    if index is None:
        return max(len(known) - 1, 0)
    return index if 0 <= index < len(known) else len(known)
