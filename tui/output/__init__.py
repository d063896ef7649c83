"""What the command line writes: text made safe, tables, values, documents, and where they go."""

__all__ = ["CannotWrite"]


class CannotWrite(Exception):  # noqa: N818 - it says what happened, as `BrokenPipeError` does not for a full disk
    """Raised when stdout takes no more, and not because its reader has gone."""
