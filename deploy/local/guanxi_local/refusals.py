"""What stops the launcher: every one is told to the user as a single line."""


class LauncherError(Exception):
    """Something that the user can cure;
    the message is one line that names the place and the cure.
    """


class StopRequested(BaseException):
    """Ctrl-C or SIGTERM arrived;
    not an Exception, so that nothing on the way takes it for a failure of its own.
    """
