"""How the cloud's commands answer: a JSON object on stdout, or one sentence on stderr and exit status 2."""

import asyncio
import json
import sys
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager
from typing import Any, NoReturn

import typer

ACTOR = "command line"


@contextmanager
def one_sentence() -> Iterator[None]:
    """Turns what is wrong with settings, files, database or broker into one sentence and exit status 2."""
    from cloud.errors import CloudError
    from custody.errors import CustodyError
    from proof.errors import ProofError
    from wire.errors import WireError

    try:
        yield
    except (CloudError, CustodyError, ProofError, WireError) as error:
        fail(f"{error} ({error.diagnosis})")


def fail(sentence: str) -> NoReturn:
    """Says what is wrong and exits with status 2."""
    typer.echo(f"sealtrail: {' '.join(sentence.split())}", err=True)
    raise typer.Exit(2)


def run(work: Coroutine[Any, Any, None]) -> None:
    """Runs `work`; what goes wrong is one sentence."""
    with one_sentence():
        asyncio.run(work)


def answer(**members: object) -> None:
    """Prints one JSON object."""
    typer.echo(json.dumps(members, ensure_ascii=False))
    sys.stdout.flush()
