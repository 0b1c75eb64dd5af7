"""The operations of the service as ad-hoc commands, each with the forms that it needs."""

from collections.abc import Mapping, Sequence

import structlog

from component.domain.errors import DomainError
from component.domain.state import State
from component.handlers.commands import Form, Outcome
from component.handlers.forms import Field, Values, WrongValueError, single, table_markup
from component.handlers.stanza import IqRequest
from component.markup import NOTHING, Markup
from component.operations.catalogue import OPERATIONS
from component.operations.desk import Blank, Desk, Identify
from component.operations.model import (
    Answer,
    ArgumentError,
    Asker,
    NotPermittedError,
    Operation,
    label,
    written,
)
from component.operations.record import recorded
from component.operations.rights import Staff
from component.operations.words import words
from component.pubsub.addresses import bare

log = structlog.get_logger(__name__)

NAMESPACE = "urn:ivr-pubsub:command:1"

UNSAID = "*"
"""Stands for the empty choice. profanity 0.13 crashes over an option whose value is empty."""


class OperationCommands:
    """Who may use which command is the desk's business."""

    def __init__(self, desk: Desk, staff: Staff) -> None:
        self._desk = desk
        self._staff = staff
        self.names: Mapping[str, str] = {_node(o): o.title for o in OPERATIONS.values()}
        self._operations = {_node(operation): operation for operation in OPERATIONS.values()}

    async def offered(self, iq: IqRequest) -> Mapping[str, str]:
        """Return what somebody may ask for."""
        return {_node(o): o.title for o in await self._desk.offered(self._identify(iq))}

    async def proceed(self, iq: IqRequest, node: str, filled: Sequence[Values]) -> Form | Outcome:
        """Ask for what is missing; once nothing is, do it."""
        identify, operation = self._identify(iq), self._operations[node]
        given = {v: _given(operation, v, texts) for form in filled for v, texts in form.items()}
        try:
            form = await self._desk.form(identify, operation, given)
            if form is not None:
                fields = tuple(map(_field, form.blanks))
                return Form(node, fields, is_last=form.is_last, title=operation.title)
            answer = await self._desk.perform(identify, operation, given)
        except NotPermittedError:
            raise
        except ArgumentError as error:
            raise WrongValueError(str(error)) from error
        except DomainError as error:
            return Outcome(words(error), failed=True)
        if answer.table is None:
            log.info("operation carried out", **recorded(operation, answer, bare(iq.sender)))
        return _outcome(operation, answer)

    def _identify(self, iq: IqRequest) -> Identify:
        account, address = bare(iq.sender), bare(iq.address)

        def identify(state: State) -> Asker:
            return self._staff.asker(state, account, address)

        return identify


def _node(operation: Operation) -> str:
    return f"{NAMESPACE}:{operation.name}"


def _given(operation: Operation, var: str, texts: tuple[str, ...]) -> str:
    """Return what was filled in in a field. Raises `FormError`."""
    argument = next((argument for argument in operation.arguments if argument.name == var), None)
    if argument is not None and argument.in_lines:
        return "\n".join(texts)
    given = single(var, texts)
    chosen = argument is not None and argument.choices is not None
    return "" if chosen and given == UNSAID else given


def _field(blank: Blank) -> Field:
    default = (blank.default,) if blank.default or not blank.required else ()
    if blank.choices is None:
        any_text = "text-multi" if blank.in_lines else "text-single"
        return Field(blank.name, any_text, default, blank.label, required=blank.required)
    options = {choice.value or UNSAID: choice.label for choice in blank.choices}
    return Field(
        blank.name,
        "list-single",
        tuple(value or UNSAID for value in default),
        blank.label,
        tuple(options),
        options,
        blank.required,
    )


def _outcome(operation: Operation, answer: Answer) -> Outcome:
    payload = NOTHING
    if answer.table is not None:
        payload = _table(operation, answer)
    return Outcome(answer.text, payload=payload)


def _table(operation: Operation, answer: Answer) -> Markup:
    table = answer.table
    assert table is not None
    columns = ((column, label(column)) for column in table.columns)
    rows = (map(written, row) for row in table.rows)
    return table_markup(_node(operation), operation.title, columns, rows)
