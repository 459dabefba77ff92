"""`sealtrail release …`: making a release and looking at one, without a database."""

import os
import secrets
from pathlib import Path
from typing import Annotated

import typer

from cloud.answering import answer, fail, one_sentence
from proof.errors import ProofError

app = typer.Typer(no_args_is_help=True, add_completion=False, help="Releases: what agents are brought up to date with.")


@app.command()
def keygen(path: Annotated[Path, typer.Argument(help="where the private key goes (PEM, mode 0600)")]) -> None:
    """Makes a publisher's key and prints its public half, which boards and cloud are told to believe."""
    from cloud.releases.errors import PackingError
    from proof.keys import SigningKey

    with one_sentence():
        key = SigningKey.from_seed(secrets.token_bytes(32))
        try:
            with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
                file.write(key.to_pem())
        except OSError as error:
            raise PackingError(f"{path}: {error.strerror}") from error
    answer(public_key=key.public.text)


@app.command()
def pack(
    out: Annotated[Path, typer.Argument(help="the release, a new file")],
    key: Annotated[Path, typer.Option(help="the publisher's key (PEM)")],
    wheels: Annotated[Path, typer.Option(help="folder of our wheel and of all that the lock file pins")],
    lock: Annotated[Path, typer.Option(help="the lock file, with hashes")] = Path("requirements.lock"),
    follows: Annotated[str, typer.Option(help="the oldest version it may be put in place of")] = "0.1.0",
    python: Annotated[str, typer.Option(help="made for this Python")] = "3.11",
    platform: Annotated[str, typer.Option(help="made for these boards")] = "linux_aarch64",
) -> None:
    """Makes a release of wheels; prints its name (SHA-256), version and size."""
    from cloud.releases.errors import PackingError
    from cloud.releases.packing import For, pack_wheels
    from proof.keys import SigningKey
    from wire.releases import digest_of

    with one_sentence():
        try:
            signer = SigningKey.from_pem(key.read_bytes())
        except (OSError, ProofError) as error:
            raise PackingError(f"{key}: {error}") from error
        manifest = pack_wheels(out, signer, wheels, lock, For(follows=follows, python=python, platform=platform))
    with out.open("rb") as file:
        answer(sha256=digest_of(file), version=manifest.version, bytes=out.stat().st_size)


@app.command()
def show(
    file: Annotated[Path, typer.Argument(help="a release")],
    release_key: Annotated[list[str], typer.Option(help="a publisher's public key; may be repeated")],
) -> None:
    """Checks a release wholly, every file of it, and prints what it is; exit status 1 where it is none."""
    from proof.keys import VerifyKey
    from wire.releases import ReleaseError, digest_of, read_release

    try:
        keys = [VerifyKey.from_text(text) for text in release_key]
        manifest = read_release(file, {key.kid: key for key in keys}.get)
    except ReleaseError as error:
        fail(str(error))
    with file.open("rb") as opened:
        answer(
            sha256=digest_of(opened), version=manifest.version, follows=manifest.follows, form=manifest.form,
            python=manifest.python, platform=manifest.platform, journal=manifest.journal, files=len(manifest.files),
        )  # fmt: skip


Url = Annotated[str, typer.Option(help="where the console is opened: https://…", envvar="SEALTRAIL_URL")]
Token = Annotated[str, typer.Option(help="a machine's token (POST /tokens)", envvar="SEALTRAIL_TOKEN")]


@app.command()
def upload(
    file: Annotated[Path, typer.Argument(help="a release")],
    url: Url,
    token: Token,
    notes: Annotated[str, typer.Option(help="what is new in it, for people")] = "",
) -> None:
    """Brings a release up. Two people then approve it in the console, each as themselves."""
    from cloud.releases.remote import Cloud

    with one_sentence(), Cloud(url, token) as cloud:
        answer(**cloud.upload(file, notes))


@app.command("list")
def list_releases(url: Url, token: Token) -> None:
    """The site's releases, newest first, one JSON object a line."""
    from cloud.releases.remote import Cloud

    with one_sentence(), Cloud(url, token) as cloud:
        for row in cloud.releases():
            answer(**row)


@app.command()
def status(url: Url, token: Token) -> None:
    """What every agent runs, what is wanted of it and how far that has come; one JSON object a line."""
    from cloud.releases.remote import Cloud

    with one_sentence(), Cloud(url, token) as cloud:
        for row in cloud.updates():
            answer(**row)


@app.command()
def order(
    sha256: Annotated[str, typer.Argument(help="the release, as `upload` and `list` name it")],
    agents: Annotated[list[str], typer.Argument(help="who is to take it: one first, then the others")],
    version: Annotated[str, typer.Option(help="its version, to be sure")],
    url: Url,
    token: Token,
) -> None:
    """Orders a release that two people approved, for agents of the site; prints the ledger's entries."""
    from cloud.releases.remote import Cloud

    with one_sentence(), Cloud(url, token) as cloud:
        answer(**cloud.order(sha256, agents, version))
