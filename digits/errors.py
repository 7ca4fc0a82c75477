"""The one error that a person is shown: a single line, without a traceback."""


class UserError(Exception):
    """Bad input or an environment that does not allow the work.

    The message is one line that says what was wrong, what was received and what to do.
    Scripts print it to standard error and end with exit code 2.
    """
