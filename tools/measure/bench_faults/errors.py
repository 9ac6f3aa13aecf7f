"""What can end the bench, or one run of it."""


class Trouble(Exception):
    """The bench cannot go on; the text says why and what to do."""


class NotRun(Exception):
    """A client could not be run here; the text says why, in a few words."""
