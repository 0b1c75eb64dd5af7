"""The version of this program."""

from importlib import metadata


def version() -> str:
    """Return the version as installed; "unknown" when run from a source tree only."""
    try:
        return metadata.version("ivr-pubsub")
    except metadata.PackageNotFoundError:
        return "unknown"
