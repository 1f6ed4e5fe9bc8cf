"""How a command says that it cannot do what it was asked to."""


class CommandError(Exception):
    """The message is for a person: the cause, and the cure."""


def unknown_kind(kind: str) -> CommandError:
    """One of our kinds is not served."""
    return CommandError(
        f"this cluster does not know the kind {kind}: is it the right one? See kubectl config current-context"
    )
