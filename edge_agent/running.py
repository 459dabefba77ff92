"""From start to start: an agent under what the cloud wants, else under what it had before."""

import logging
from contextlib import ExitStack

from edge_agent.agent import Agent
from edge_agent.bootstrap import build_agent, read_plan
from edge_agent.configuration import Book
from edge_agent.errors import EdgeError
from edge_agent.settings import read_settings

_log = logging.getLogger(__name__)


def open_agent(undo: ExitStack) -> Agent:
    """The agent of the environment, under the configuration in force. Raises EdgeError.

    One that is tried and cannot even be opened is undone here.
    """
    book = Book(read_settings().data_dir)
    book.begin()
    if book.state.trying is not None:
        try:
            with ExitStack() as trial:
                return build_agent(read_plan(book.in_force), trial, book=book)
        except EdgeError as error:
            _log.error("the new configuration is undone: %s", error)
            book.roll_back(str(error))
    return build_agent(read_plan(book.in_force), undo, book=book)
