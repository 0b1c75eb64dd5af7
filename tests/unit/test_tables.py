"""Files of customers, extensions and members, and what may be wrong with them."""

import pytest

from component import pins
from component.tables import MOST_PROBLEMS, TABLES, Row, TableError, TableName, parse

pytestmark = pytest.mark.unit


def rows(name: str, text: str) -> list[Row]:
    return parse(TABLES[TableName(name)], text.splitlines(keepends=True))


def problems(name: str, text: str) -> list[str]:
    with pytest.raises(TableError) as refused:
        rows(name, text)
    return refused.value.problems


def test_columns_may_come_in_any_order_and_further_ones_are_attributes() -> None:
    found = rows("customers", "name,contract,code,note\nCompany 1,gold,1111,\n")

    assert found == [Row(2, ("1111", "Company 1", {"contract": "gold"}))]


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_fields_are_separated_as_the_first_line_is(delimiter: str) -> None:
    text = 'code,name\n1111,"Müller, Söhne; Co"\n'.replace("e,n", f"e{delimiter}n")
    text = text.replace("1111,", f"1111{delimiter}")

    assert rows("customers", text) == [Row(2, ("1111", "Müller, Söhne; Co", {}))]


def test_a_byte_order_mark_empty_lines_and_line_breaks_in_fields_are_fine() -> None:
    found = rows("customers", '\ufeffcode,name\r\n\r\n1,"two\r\nlines"\r\n2,b\r\n')

    assert [(row.line, row.values[0]) for row in found] == [(4, "1"), (5, "2")]


def test_a_penalty_may_be_left_out() -> None:
    assert rows("members", "queue,extension\nsupport,1000\n") == [Row(2, ("support", "1000", 0))]


def test_how_many_calls_an_extension_may_have_may_be_said() -> None:
    [row] = rows("extensions", "extension,device,jid,max_calls\n1000,PJSIP/1000,a@b,2\n")

    assert row.values == ("1000", "PJSIP/1000", "a@b", 2)


def test_accounts_are_kept_in_lower_case() -> None:
    [row] = rows("extensions", "extension,device,jid\n1000,PJSIP/1000,User1@Example.com\n")

    assert row.values == ("1000", "PJSIP/1000", "user1@example.com", 1)


@pytest.mark.parametrize(
    ("name", "text", "problem"),
    [
        ("customers", "", "line 1: column code is missing; known are code, name"),
        ("customers", "code\n1\n", "line 1: column name is missing; known are code, name"),
        ("customers", "code,name,name\n", "line 1: column name is there twice"),
        ("customers", "code,name,\n", "line 1: column 3 has no name"),
        ("customers", "code,name,a\0\n", "line 1: the name of column 3 has a NUL character"),
        ("members", "queue,extension,skill\n", "line 1: unknown column skill"),
        ("customers", "code,name\n1\n", "line 2: 1 fields, but 2 columns"),
        ("customers", "code,name\n,a\n", "line 2: code is empty"),
        ("customers", "code,name\n1,a\n2,b\n1,c\n", "line 4: 1 is in line 2 already"),
        ("customers", "code,name\n1,a\0b\n", "line 2: name has a NUL character"),
        ("customers", 'code,name\n1,"a\n', "line 2: unexpected end of data"),
        (
            "extensions",
            "extension,device,jid\n10 0,PJSIP/1,a@b\n",
            "line 2: extension must",
        ),
        ("extensions", "extension,device,jid\n1000,1000,a@b\n", "line 2: device must be a device"),
        (
            "extensions",
            'extension,device,jid\n1000,"P/1,P/2",a@b\n',
            "line 2: device must have no comma or control character",
        ),
        ("extensions", "extension,device,jid\n1000,P/1,a@b/c\n", "line 2: jid must be an account"),
        (
            "extensions",
            "extension,device,jid,max_calls\n1000,P/1,a@b,0\n",
            "line 2: max_calls must be a whole number from 1 to 100",
        ),
        ("members", "queue,extension,penalty\nq,1,-1\n", "line 2: penalty must be a whole number"),
    ],
)
def test_what_is_wrong_is_said_with_its_line(name: str, text: str, problem: str) -> None:
    found = problems(name, text)

    assert found[0].startswith(problem)


def test_all_problems_are_told_at_once_up_to_a_number() -> None:
    found = problems("customers", "code,name\n" + ",a\n" * 100)

    assert len(found) == MOST_PROBLEMS + 1
    assert found[MOST_PROBLEMS - 1].startswith("line 21:")


def test_pins_are_hashed_as_they_are_read_and_those_of_an_export_stay() -> None:
    ada, eve = rows("people", "number,name,jid,pin\n71,Ada,Ada@x.org,1234\n72,Eve,e@x.org,\n")
    *known, pin = ada.values
    assert known == ["71", "Ada", "ada@x.org"]
    assert pins.matches("1234", str(pin))
    assert eve.values[-1] == ""

    [again] = rows("people", f"number,name,jid,pin\n71,Ada,ada@x.org,{pin}\n")
    assert again.values == ada.values


@pytest.mark.parametrize(
    "person", ["7a,Ada,a@x.org,", "71,,a@x.org,", "71,Ada,x.org,", "71,Ada,a@x.org,123"]
)
def test_people_who_cannot_be_used_are_told_of_without_the_pin(person: str) -> None:
    [problem] = problems("people", f"number,name,jid,pin\n{person}\n")
    assert problem.startswith("line 2: ")
    assert "123" not in problem
