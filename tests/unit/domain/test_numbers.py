"""Whom we may call: patterns as the dialplan has them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from component.domain.numbers import is_number, matches
from component.domain.queue import CallingBack

pytestmark = pytest.mark.unit


@pytest.mark.parametrize(
    ("pattern", "number"),
    [
        ("5550100", "5550100"),
        ("_555XXXX", "5550109"),
        ("_Z.", "10"),
        ("_NX", "20"),
        ("_[13-5]0", "40"),
        ("_[13-5]0", "10"),
        ("_+49Z.", "+49301234"),
        ("_0ZXXX.", "030123"),
    ],
)
def test_a_number_is_allowed(pattern: str, number: str) -> None:
    assert matches(pattern, number)


@pytest.mark.parametrize(
    ("pattern", "number"),
    [
        ("5550100", "55501000"),
        ("_555XXXX", "555010"),
        ("_555XXXX", "55501000"),
        ("_Z.", "1"),
        ("_Z.", "00"),
        ("_NX", "10"),
        ("_[13-5]0", "20"),
        ("_[5-3]0", "40"),
        ("_+49Z.", "49301234"),
        ("_0ZXXX.", "0030123"),
        ("", "1"),
    ],
)
def test_a_number_is_not_allowed(pattern: str, number: str) -> None:
    assert not matches(pattern, number)


@pytest.mark.parametrize(
    "text", ["", "+", "++49", "1" * 21, "1&2", "1,2", "${X}", "1@trunk", "١٢٣", "1\n", "anonymous"]
)
def test_what_is_no_number_is_never_called(text: str) -> None:
    assert not is_number(text)
    assert CallingBack(dial="PJSIP/{number}@trunk", numbers=("_X.", text)).endpoint(text) is None


@pytest.mark.parametrize("number", ["0049301234", "+49301234", "112", "0110"])
def test_nobody_abroad_is_called_by_default_and_no_short_number(number: str) -> None:
    assert CallingBack(dial="PJSIP/{number}@trunk").endpoint(number) is None


@given(st.text(), st.sampled_from(["_X.", "_.", "_+X.", "_Z."]))
def test_whatever_is_keyed_or_sent_only_digits_reach_the_dialplan(text: str, pattern: str) -> None:
    endpoint = CallingBack(dial="Local/{number}@out/n", numbers=(pattern,)).endpoint(text)
    if endpoint is not None:
        dialled = endpoint.removeprefix("Local/").removesuffix("@out/n")
        assert dialled == text
        assert set(dialled) <= set("+0123456789")
