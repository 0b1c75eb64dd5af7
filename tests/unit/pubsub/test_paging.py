import pytest
from hypothesis import given
from hypothesis import strategies as st

from component.pubsub.errors import PageNotFoundError
from component.pubsub.paging import Page, Paged, paged

pytestmark = pytest.mark.unit

WHOLE = "abcde"


def page(asked: Page) -> Paged[str]:
    return paged(WHOLE, asked, lambda letter: letter)


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        (Page(), Paged(tuple("abcde"), 5, 0, "a", "e")),
        (Page(limit=2), Paged(tuple("ab"), 5, 0, "a", "b")),
        (Page(limit=2, after="b"), Paged(tuple("cd"), 5, 2, "c", "d")),
        (Page(limit=2, before="d"), Paged(tuple("bc"), 5, 1, "b", "c")),
        (Page(limit=2, before=""), Paged(tuple("de"), 5, 3, "d", "e")),
        (Page(limit=2, index=4), Paged(("e",), 5, 4, "e", "e")),
        (Page(limit=2, index=5), Paged((), 5, 5)),
        (Page(index=6), Paged((), 5, 5)),
        (Page(after="e"), Paged((), 5, 5)),
        (Page(limit=0), Paged((), 5, 0)),
        (Page(limit=9, before="a"), Paged((), 5, 0)),
    ],
)
def test_a_page_is_the_part_that_was_asked_for(asked: Page, expected: Paged[str]) -> None:
    assert page(asked) == expected


@pytest.mark.parametrize("asked", [Page(after="x"), Page(before="x")])
def test_a_page_that_begins_or_ends_nowhere_is_not_found(asked: Page) -> None:
    with pytest.raises(PageNotFoundError):
        page(asked)


@given(st.lists(st.text(), unique=True), st.integers(1, 5))
def test_going_forward_page_by_page_leads_through_everything(whole: list[str], limit: int) -> None:
    seen: list[str] = []
    part = paged(whole, Page(limit), str)
    while part.entries:
        assert part.index == len(seen)
        seen += part.entries
        part = paged(whole, Page(limit, after=part.last), str)
    assert seen == whole
