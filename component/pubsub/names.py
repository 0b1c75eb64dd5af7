"""How names of nodes are written: as Resourceprep leaves them (XEP-0060 §4.6.2).

So that two names that are written alike, but for hidden characters or forms of letters, are not two
nodes. Names are held to it as nodes are created. Nothing is mapped in silence: whoever created a
node would not find it under the name that was asked for.
"""

import stringprep
from unicodedata import ucd_3_2_0

_PROHIBITED = (
    stringprep.in_table_c12,
    stringprep.in_table_c21_c22,
    stringprep.in_table_c3,
    stringprep.in_table_c4,
    stringprep.in_table_c5,
    stringprep.in_table_c6,
    stringprep.in_table_c7,
    stringprep.in_table_c8,
    stringprep.in_table_c9,
)
"""RFC 3920 appendix B.5."""


def is_prepared(name: str) -> bool:
    """Tell whether Resourceprep (RFC 3920 appendix B) leaves a name as it is.

    What Unicode has come to have since 3.2 is taken as it is: stringprep knows nothing of it
    (RFC 3454 §7).
    """
    if name.isascii() and name.isprintable():
        return True
    if any(stringprep.in_table_b1(c) or any(t(c) for t in _PROHIBITED) for c in name):
        return False
    return ucd_3_2_0.normalize("NFKC", name) == name and _is_in_one_direction(name)


def _is_in_one_direction(name: str) -> bool:
    """Tell whether a name can be displayed in one way only (RFC 3454 §6)."""
    if not any(map(stringprep.in_table_d1, name)):
        return True
    ends = map(stringprep.in_table_d1, (name[0], name[-1]))
    return all(ends) and not any(map(stringprep.in_table_d2, name))
