"""Data forms (XEP-0004), read and written."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from xml.etree import ElementTree as ET

from component.handlers.namespaces import FORM
from component.handlers.stanza import BadRequestError, qualified
from component.markup import Markup, element, text

FEATURES = (FORM,)

Values = Mapping[str, tuple[str, ...]]
"""What was filled in: values by the name of the field."""


class FormError(Exception):
    """A field was filled in with what it cannot take, or does not exist."""


class AccessModelError(FormError):
    """The access model that was chosen is not one that nodes have here."""


@dataclass(frozen=True, slots=True)
class Field:
    """A field as it is shown."""

    var: str
    type: str
    values: tuple[str, ...]
    label: str | None = None
    options: tuple[str, ...] = ()


def form_markup(form_type: str, kind: str, fields: Iterable[Field]) -> Markup:
    """Return a form of this FORM_TYPE (XEP-0068); `kind` is `form`, `result` or `submit`."""
    hidden = Field("FORM_TYPE", "hidden", (form_type,))
    return element(
        "x", {"xmlns": FORM, "type": kind}, *(_field(field) for field in (hidden, *fields))
    )


def form_in(parent: ET.Element, form_type: str) -> Values | None:
    """Return what is filled in in the form inside an element; None if it was cancelled.

    No form at all is one with nothing filled in. Raises `BadRequestError`.
    """
    forms = parent.findall(qualified(FORM, "x"))
    if not forms:
        return {}
    if len(forms) > 1:
        raise BadRequestError("There are several forms.")
    if forms[0].get("type") == "cancel":
        return None
    if forms[0].get("type") != "submit":
        raise BadRequestError("The form is not one that was filled in.")
    filled: dict[str, tuple[str, ...]] = {}
    for field in forms[0].iterfind(qualified(FORM, "field")):
        var = field.get("var", "")
        if var in filled:
            raise BadRequestError("The form has a field twice.")
        filled[var] = tuple(value.text or "" for value in field.iterfind(qualified(FORM, "value")))
    if filled.pop("FORM_TYPE", (form_type,)) != (form_type,):
        raise BadRequestError("The form is one for something else.")
    return filled


def single(var: str, values: tuple[str, ...]) -> str:
    """Return the one value of a field; none is the empty one. Raises `FormError`."""
    if len(values) > 1:
        raise FormError(f"{var} takes one value.")
    return values[0] if values else ""


def boolean(var: str, values: tuple[str, ...]) -> bool:
    """Return the value of a yes-or-no field. Raises `FormError`."""
    value = single(var, values)
    if value not in ("0", "1", "false", "true"):
        raise FormError(f"{var} is true or false.")
    return value in ("1", "true")


def _field(field: Field) -> Markup:
    return element(
        "field",
        {"var": field.var, "type": field.type, "label": field.label},
        *(
            element("option", None, element("value", None, text(option)))
            for option in field.options
        ),
        *(element("value", None, text(value)) for value in field.values),
    )
