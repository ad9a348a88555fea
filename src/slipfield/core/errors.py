"""Errors that reach a user as one line."""


class SlipfieldError(Exception):
    """A problem that the user can mend; the message names the field or file and the remedy."""


class NoEquilibrium(SlipfieldError):
    """A forward run that does not reach the end of its loading; other parameters may."""


EXIT_STATUS = {SlipfieldError: 2, NoEquilibrium: 3}
"""Exit status of the command line by error."""


def one_line(error: Exception) -> str:
    """Message of an error without line breaks; of what the system refused, the reason alone."""
    if isinstance(error, OSError) and (error.errno or 0) > 0 and error.strerror:
        return error.strerror
    return " ".join(str(error).split())
