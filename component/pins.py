"""PINs as they are stored: by scrypt, with a salt each."""

import hmac
import re
import secrets
from base64 import b64decode, b64encode
from hashlib import scrypt

PIN = re.compile(r"[0-9]{4,12}")

_STORED = re.compile(r"scrypt\$(\d+)\$(\d+)\$(\d+)\$([A-Za-z0-9+/=]+)\$([A-Za-z0-9+/=]+)")
_N, _R, _P = 2**14, 8, 1


def hashed(pin: str) -> str:
    """Return a PIN as it is stored. Takes some 40 ms."""
    salt = secrets.token_bytes(16)
    found = scrypt(pin.encode(), salt=salt, n=_N, r=_R, p=_P)
    return f"scrypt${_N}${_R}${_P}${b64encode(salt).decode()}${b64encode(found).decode()}"


def is_hashed(text: str) -> bool:
    """Tell whether this is a PIN as it is stored."""
    return _STORED.fullmatch(text) is not None


def matches(pin: str, stored: str) -> bool:
    """Tell whether this is the PIN that is stored. Takes some 40 ms.

    What is stored by hand may be the hash of no PIN.
    """
    parts = _STORED.fullmatch(stored)
    if parts is None:
        return False
    try:
        n, r, p = (int(parts[number]) for number in (1, 2, 3))
        found = scrypt(pin.encode(), salt=b64decode(parts[4]), n=n, r=r, p=p)
        return hmac.compare_digest(found, b64decode(parts[5]))
    except (ValueError, TypeError):  # numbers that scrypt does not take, or no base64
        return False
