"""What agents can do, as people write it."""

import pytest

from component.domain import skills

pytestmark = pytest.mark.unit


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("", {}),
        ("french:2, billing:1", {"french": 2, "billing": 1}),
        (" french : 2 ,billing,", {"french": 2, "billing": 1}),
        ("french:0", {"french": 0}),
    ],
)
def test_skills_are_read(written: str, read: dict[str, int]) -> None:
    assert skills.read(written) == read
    assert skills.read(skills.written(read)) == read


@pytest.mark.parametrize(
    "written",
    ["french:x", "french:", "french:-1", "french:1.5", ":2", "a&b", "a,a", "a:" + "9" * 10],
)
def test_what_are_no_skills_is_refused(written: str) -> None:
    with pytest.raises(ValueError, match=r"^(names|gives) "):
        skills.read(written)
