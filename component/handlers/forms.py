"""Data forms (XEP-0004), read and written."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from xml.etree import ElementTree as ET

from component.handlers.namespaces import FORM, VALIDATE
from component.handlers.stanza import BadRequestError, qualified
from component.markup import NOTHING, Markup, element, text

FEATURES = (FORM,)

_ANY_TEXT = element("validate", {"xmlns": VALIDATE, "datatype": "xs:string"}, element("open"))

Values = Mapping[str, tuple[str, ...]]
"""What was filled in: values by the name of the field."""


class FormError(Exception):
    """A field was filled in with what it cannot take, or does not exist."""


class WrongValueError(FormError):
    """A person filled in something that cannot be used, and may fill in something else."""


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
    option_labels: Mapping[str, str] = field(default_factory=dict)
    """What people call the options, where that is not the option itself."""
    required: bool = False
    is_open: bool = False
    """Whether values may be given that are not among the options (XEP-0122 §3.2.2)."""


def form_markup(
    form_type: str, kind: str, fields: Iterable[Field], *, title: str | None = None
) -> Markup:
    """Return a form of this FORM_TYPE (XEP-0068); `kind` is `form`, `result` or `submit`.

    Options are for those who fill it in; so are fields for JIDs that have none (§3.3).
    """
    to_fill_in = kind == "form"
    shown = (f for f in fields if to_fill_in or f.values or not f.type.startswith("jid-"))
    return element(
        "x",
        {"xmlns": FORM, "type": kind},
        _title(title),
        *(_field(field, to_fill_in=to_fill_in) for field in (_hidden(form_type), *shown)),
    )


def table_markup(
    form_type: str, title: str, columns: Iterable[tuple[str, str]], rows: Iterable[Iterable[str]]
) -> Markup:
    """Return results in rows (XEP-0004 §3.4); `columns` are names with what people call them."""
    columns = list(columns)
    heads = (
        element("field", {"var": name, "type": "text-single", "label": label})
        for name, label in columns
    )
    items = (
        element(
            "item",
            None,
            *(
                element("field", {"var": name}, element("value", None, text(value)))
                for (name, _), value in zip(columns, row, strict=True)
            ),
        )
        for row in rows
    )
    return element(
        "x",
        {"xmlns": FORM, "type": "result"},
        _title(title),
        _field(_hidden(form_type), to_fill_in=False),
        element("reported", None, *heads),
        *items,
    )


def form_type_of(form: ET.Element) -> str | None:
    """Return the FORM_TYPE of a form that was filled in, None if it has none (XEP-0068 §4)."""
    for filled_in in form.iterfind(qualified(FORM, "field")):
        if filled_in.get("var") == "FORM_TYPE" and filled_in.get("type") in (None, "hidden"):
            return filled_in.findtext(qualified(FORM, "value"))
    return None


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
    for filled_in in forms[0].iterfind(qualified(FORM, "field")):
        var, type_ = filled_in.get("var"), filled_in.get("type")
        if not var or type_ == "fixed":  # words between the fields (§3.3), sent back
            continue
        if var == "FORM_TYPE" and type_ not in (None, "hidden"):  # means nothing (XEP-0068 §4.3)
            continue
        if var in filled:
            raise BadRequestError("The form has a field twice.")
        values = filled_in.iterfind(qualified(FORM, "value"))
        filled[var] = tuple(value.text or "" for value in values)
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


def _title(title: str | None) -> Markup:
    return NOTHING if title is None else element("title", None, text(title))


def _hidden(form_type: str) -> Field:
    return Field("FORM_TYPE", "hidden", (form_type,))


def _field(field: Field, *, to_fill_in: bool) -> Markup:
    values = (element("value", None, text(value)) for value in field.values)
    described = {"var": field.var, "type": field.type, "label": field.label}
    return element("field", described, *(_what_to_fill_in(field) if to_fill_in else ()), *values)


def _what_to_fill_in(field: Field) -> Iterator[Markup]:
    if field.required:
        yield element("required")
    if field.is_open:
        yield _ANY_TEXT
    for option in field.options:
        label = field.option_labels.get(option)
        yield element("option", {"label": label}, element("value", None, text(option)))
