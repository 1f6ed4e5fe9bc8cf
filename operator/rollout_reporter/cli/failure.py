"""How a command says that it cannot do what it was asked to."""


class CommandError(Exception):
    """The message is for a person: the cause, and the cure."""
