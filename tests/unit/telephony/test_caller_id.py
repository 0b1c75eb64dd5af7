import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from component.domain.model import Caller
from component.telephony.caller_id import format_caller_id

pytestmark = pytest.mark.unit


@pytest.mark.parametrize(
    ("caller", "expected"),
    [
        (Caller("+493012345", "Ada Lovelace"), '"Ada Lovelace" <+493012345>'),
        (Caller("+493012345"), "<+493012345>"),
        (Caller("", "Ada Lovelace"), '"Ada Lovelace" <>'),
        (Caller(""), ""),
        (Caller("1000", 'Company "Q" <x>, Ltd'), '"Company Q x Ltd" <1000>'),
        (Caller("10 00\r\n", "Łódź\x00\ud800\tGmbH"), '"ŁódźGmbH" <1000>'),
    ],
)
def test_caller_ids_are_written_as_asterisk_reads_them(caller: Caller, expected: str) -> None:
    assert format_caller_id(caller) == expected


@given(st.text(st.characters()), st.text(st.characters()))
def test_nothing_in_name_or_number_can_break_out(number: str, name: str) -> None:
    caller_id = format_caller_id(Caller(number, name))
    assert re.fullmatch(r'("[^"<>\\,]*" )?(<[^"<>\\, ]*>)?', caller_id)
    assert caller_id.isprintable()
    caller_id.encode()
