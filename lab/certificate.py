"""Certificates for the tests of encrypted connections."""

import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Self


@dataclass(frozen=True, slots=True)
class Certificate:
    """A server's certificate, signed by itself, for the address 127.0.0.1."""

    file: Path
    key: Path

    @classmethod
    def make(cls, directory: Path, name: str = "server") -> Self:
        """Make one, valid for a day."""
        made = cls(directory / f"{name}.pem", directory / f"{name}.key")
        subprocess.run(
            [
                "openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256",
                "-noenc", "-days", "1", "-subj", f"/CN={name}",
                "-addext", "subjectAltName=IP:127.0.0.1",
                "-keyout", made.key, "-out", made.file,
            ],
            check=True, capture_output=True,
        )  # fmt: skip
        return made
