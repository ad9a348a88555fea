"""Errors that reach a user as one line."""


class SlipfieldError(Exception):
    """A problem that the user can mend; the message names the field or file and the remedy."""
