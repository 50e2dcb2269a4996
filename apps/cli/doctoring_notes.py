"""What a check of `tacit doctor` tells although nothing is broken."""


class Note(Exception):  # noqa: N818  # it is no error
    """Something to know, and what to do about it if one wants to."""
