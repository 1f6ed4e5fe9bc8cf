"""Commands set up the logging of their process; here that is the process of all tests."""

import logging
from collections.abc import Iterator

import pytest


@pytest.fixture(autouse=True)
def logging_as_before() -> Iterator[None]:
    """Put levels and handlers back after each test."""
    root = logging.getLogger()
    levels = {each: each.level for each in _loggers()}
    handlers = list(root.handlers)
    yield
    root.handlers[:] = handlers
    for logger in _loggers():
        logger.setLevel(levels.get(logger, logging.NOTSET))


def _loggers() -> list[logging.Logger]:
    root = logging.getLogger()
    known = root.manager.loggerDict.values()
    return [root, *(each for each in known if isinstance(each, logging.Logger))]
