"""`sealtrail witness …`: make a witness's key, run it, read what it saw. What is wrong is one sentence and exit 2."""

import json
import locale
import logging
import os
import sys
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from enum import StrEnum
from pathlib import Path
from typing import Annotated, NoReturn

import typer

app = typer.Typer(no_args_is_help=True, add_completion=False, help="A witness of other people's logs (C2SP).")

PROVEN = 1
"""Exit status of `status` when a proof against a log is kept."""

Name = Annotated[str, typer.Option(help="the witness's name: an address without https://, such as court.example/w")]


class Language(StrEnum):
    """In which language `status` speaks."""

    zh = "zh"
    en = "en"


@contextmanager
def one_sentence() -> Iterator[None]:
    """Turns what is wrong with options, files or state into one sentence and exit status 2."""
    from proof.errors import ProofError
    from witness.errors import WitnessError

    try:
        yield
    except (WitnessError, ProofError) as error:
        _fail(f"{error} ({error.diagnosis})")
    except OSError as error:
        _fail(f"{error.filename}: {error.strerror}")


def _fail(sentence: str) -> NoReturn:
    print(f"sealtrail: {' '.join(sentence.split())}", file=sys.stderr)
    raise typer.Exit(2)


@app.command()
def keygen(
    output: Annotated[Path, typer.Option("--output", "-o", help="the new key file; never written over")],
    name: Name,
) -> None:
    """Makes the witness's private key, mode 0600, and prints the verifier key to publish."""
    from proof.cosignature import cosigner
    from proof.note import valid_name
    from witness.errors import OptionsError
    from witness.keys import write_key

    with one_sentence():
        if not valid_name(name):
            raise OptionsError(f"{name!r} cannot be a witness's name: no spaces, no plus sign")
        print(cosigner(name, write_key(output, os.urandom(32))).vkey)


@app.command()
def serve(
    name: Name,
    key: Annotated[Path, typer.Option(help="the key file that keygen made")],
    state: Annotated[Path, typer.Option(help="what the witness remembers; made when it is not there")],
    log: Annotated[list[str] | None, typer.Option(help="verifier key of a known log; may be given again")] = None,
    policy: Annotated[Path | None, typer.Option(help="a tlog-policy file whose log lines are the known logs")] = None,
    host: Annotated[str, typer.Option(help="where it listens")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="0 is any", max=65535)] = 8421,
    prefix: Annotated[str, typer.Option(help="path under which it answers, such as /w")] = "",
    metrics_port: Annotated[
        int | None, typer.Option(help="Prometheus may ask at this port of 127.0.0.1", min=1, max=65535)
    ] = None,
) -> None:
    """Answers add-checkpoint and checkpoint requests until SIGTERM; JSON lines on stdout."""
    from witness.keys import read_key
    from witness.serve import Options
    from witness.serve import serve as run
    from witness.witness import know_logs

    logging.basicConfig(level=logging.WARNING, stream=sys.stderr)
    with one_sentence():
        logs = know_logs(log or [], policy.read_bytes() if policy else None)
        path = "/" + prefix.strip("/") if prefix.strip("/") else ""
        run(
            Options(name, read_key(key), logs, state, host, port, path, metrics_port),
            lambda: int(time.time()),
            lambda line: print(line, flush=True),
        )


@app.command()
def status(
    state: Annotated[Path, typer.Option(help="the state file; it may be in use")],
    as_json: Annotated[bool, typer.Option("--json", help="one JSON object")] = False,
    save: Annotated[Path | None, typer.Option(help="write every accusation's files into this folder")] = None,
    lang: Annotated[Language | None, typer.Option(help="of what is printed [as the locale says]")] = None,
) -> None:
    """What the witness saw, and what it keeps against logs. Exit 1 when that is a proof."""
    from witness.report import save_accusations, tell, to_json
    from witness.state import State

    with one_sentence(), closing(State(state)) as opened:
        seen, against = opened.all_newest(), opened.accusations()
        if save is not None:
            save_accusations(against, save)
        if as_json:
            print(json.dumps(to_json(opened.owner(), seen, against), ensure_ascii=False))
        else:
            print(tell(opened.owner(), seen, against, (lang or _language()).value))
    raise typer.Exit(PROVEN if any(accusation.proves for accusation in against) else 0)


def _language() -> Language:
    chinese = (locale.getlocale()[0] or "").startswith(("zh", "Chinese"))
    return Language.zh if chinese else Language.en
