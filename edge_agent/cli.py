"""`sealtrail edge …`: run the agent, look through pictures, make a key, check a journal."""

import asyncio
import json
import logging
import os
import signal
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from edge_agent.errors import EdgeError, SettingsError
from edge_agent.notify import Notifier

app = typer.Typer(no_args_is_help=True, help="The agent in the warehouse.")
journal = typer.Typer(no_args_is_help=True, help="Look into an agent's journal; it may be running.")
app.add_typer(journal, name="journal")

DataDir = Annotated[Path, typer.Argument(envvar="SEALTRAIL_EDGE_DATA_DIR", help="The agent's data folder")]

WRONG_SETTINGS = 2


@app.command()
def run() -> None:
    """Run the agent of the settings SEALTRAIL_EDGE_… until SIGTERM or SIGINT."""
    log_json()
    with told_in_one_sentence():
        from edge_agent.running import open_agent  # cameras and codes: half a second only `run` pays

        again = True
        while again:
            with ExitStack() as undo:
                agent = open_agent(undo)
                asyncio.run(_until_told(agent))
                again = agent.again


async def _until_told(agent: Any) -> None:
    stop, manager = asyncio.Event(), Notifier(os.environ.get("NOTIFY_SOCKET"))

    def end() -> None:
        manager.stopping()
        stop.set()

    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, end)
    await agent.run(stop, manager.ready, manager.alive)


@app.command()
def scan(
    paths: Annotated[list[Path], typer.Argument(help="Photographs, videos, or folders of them")],
    label_key: Annotated[list[str] | None, typer.Option(help="A label key's public half; may be repeated")] = None,
    site: Annotated[str | None, typer.Option(help="The site whose gates would read this")] = None,
    every: Annotated[int, typer.Option(min=1, help="Of a video, look at every n-th frame")] = 1,
) -> None:
    """Read pictures as a gate would: one JSON line a file or frame. Exit code 1 when a file held no picture."""
    from edge_agent import scan as scanning
    from proof.errors import EncodingError
    from proof.keys import VerifyKey

    with told_in_one_sentence():
        try:
            keys = [VerifyKey.from_text(text) for text in label_key or ()]
        except EncodingError as error:
            raise SettingsError([f"--label-key: {error}"]) from error
        failed = False
        for seen in scanning.scan(paths, keys=keys, site=site, every=every, now_ms=lambda: time.perf_counter() * 1000):
            failed |= "error" in seen
            print(json.dumps(seen, ensure_ascii=False), flush=True)
        raise typer.Exit(int(failed))


@app.command()
def doctor(
    lang: Annotated[str | None, typer.Option(help="en or zh; by LANG where it is not said")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object a line")] = False,
    env_file: Annotated[Path | None, typer.Option(help="Settings as systemd gives them to the agent")] = None,
    camera: Annotated[str | None, typer.Option(help="Look at this camera alone")] = None,
    watch: Annotated[bool, typer.Option(help="Go on telling its focus, to turn the lens by; ends with Ctrl-C")] = False,
    label_mm: Annotated[float, typer.Option(min=1, help="How wide the code on a label is")] = 25,
    view_deg: Annotated[float, typer.Option(min=10, max=170, help="How wide the lens sees")] = 66,
) -> None:
    """Tell what is wrong with this machine and what to do next, a line each; exit code 1 when something fails."""
    from edge_agent.doctor.command import Asked, run_doctor

    with told_in_one_sentence():
        raise typer.Exit(run_doctor(Asked(lang, as_json, env_file, camera, watch, label_mm, view_deg)))


@app.command()
def check(
    site_file: Annotated[Path, typer.Argument(help="A site file, in use or to be")],
    rule_pack: Annotated[Path | None, typer.Option(envvar="SEALTRAIL_EDGE_RULE_PACK", help="The rules there")] = None,
) -> None:
    """Look a site file over without starting anything: every fault at once with its line, and then exit code 2."""
    from edge_agent.bootstrap import read_pack
    from edge_agent.choosing import look_at
    from wire.rule_packs import DEFAULT_PACK

    with told_in_one_sentence():
        looked = look_at(site_file, pack=read_pack(rule_pack or DEFAULT_PACK))
        if looked.file is None or looked.faults:
            raise SettingsError(looked.faults)
        print(
            f"{looked.file.site.agent}: {len(looked.file.devices)} devices, {len(looked.file.stations)} stations: right"
        )


@app.command()
def schema(
    of: Annotated[str, typer.Argument(help="site or profile")] = "site",
) -> None:
    """Print the JSON Schema of site files or of device profiles, for an editor that checks while one types."""
    from edge_agent.schema import profile_schema, site_schema

    schemas = {"site": site_schema, "profile": profile_schema}
    with told_in_one_sentence():
        if of not in schemas:
            raise SettingsError([f"{of}: one of {', '.join(schemas)}"])
        print(json.dumps(schemas[of](), indent=1, ensure_ascii=False))


@app.command()
def enroll(
    claim: Annotated[str, typer.Option(help="The code as typed, or the whole link of its QR code")],
    cloud: Annotated[str | None, typer.Option(help="https://…; a link says it itself")] = None,
    cloud_ca: Annotated[Path | None, typer.Option(help="Whose certificates the cloud is believed by (PEM)")] = None,
    pin: Annotated[str | None, typer.Option(help="SHA-256 of the cloud's certificate, where no authority is")] = None,
    folder: Annotated[Path, typer.Option(help="Where keys, certificates and settings go")] = Path("."),
    site_file: Annotated[Path | None, typer.Option(help="As the settings are to name it; site.yaml there")] = None,
    data_dir: Annotated[Path | None, typer.Option(help="As the settings are to name it; data there")] = None,
    keys: Annotated[str, typer.Option(help="Where the TLS key is made: file or tpm")] = "file",
    again: Annotated[bool, typer.Option("--again", help="Join anew where there is an identity already")] = False,
) -> None:
    """Make this device an agent: keys made here, a claim of one person, confirmed by another before the device."""
    from edge_agent.joining.building import STORES, store_of
    from edge_agent.joining.enrolling import Wish, told
    from edge_agent.joining.enrolling import enroll as join
    from edge_agent.joining.reaching import Trust

    with told_in_one_sentence():
        if keys not in STORES:
            raise SettingsError([f"--keys {keys}: one of {', '.join(STORES)}"])
        wish = Wish(claim=claim, url=cloud, trust=Trust(cloud_ca, pin), folder=folder, store=store_of(keys), keys=keys,
                    again=again, site_file=site_file, data_dir=data_dir)  # fmt: skip
        join(wish, lambda said: print(told(said), flush=True))


@app.command()
def keygen(
    path: Annotated[Path, typer.Argument(help="Where the private key goes (PEM, mode 0600)")],
    witness: Annotated[str | None, typer.Option(metavar="AGENT", help="The agent that cosigns with this key")] = None,
) -> None:
    """Make an agent's key and print its public half, which `sealtrail cloud agent add` takes.

    With --witness: the key with which that agent cosigns other sites' logs, and its line for their policies.
    """
    from edge_agent.witness import witness_name
    from proof.cosignature import cosigner
    from proof.keys import SigningKey
    from wire.topics import valid_agent

    with told_in_one_sentence():
        if witness is not None and not valid_agent(witness):
            raise SettingsError([f"--witness: {witness} is no agent id, which reads <site>.<name>"])
        key = SigningKey.from_seed(os.urandom(32))
        try:
            with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
                file.write(key.to_pem())
        except OSError as error:
            raise EdgeError(f"{path}: {error.strerror}") from error
        print(cosigner(witness_name(witness), key).vkey if witness else key.public.text)


@journal.command()
def verify(data_dir: DataDir) -> None:
    """Derive the whole chain again from its facts; exit code 1 where it breaks."""
    with told_in_one_sentence(), _reads(data_dir) as reads:
        from edge_agent.journal.journal import check_chain, read_tail

        checked = check_chain(reads)
        last, head = read_tail(reads)
        print(json.dumps({"checked": checked, "last": last, "head": head.hex()}))


@journal.command()
def stats(data_dir: DataDir) -> None:
    """How many facts there are, of which kinds, how many wait for the cloud; and journals that were made anew."""
    with told_in_one_sentence(), _reads(data_dir) as reads:
        from edge_agent.journal.journal import read_tail

        receipted, pruned, _ = reads.rows("mark")[0]
        last, _ = read_tail(reads)
        kinds = dict(reads.rows("count_kinds"))
        waiting = len(reads.rows("waiting_pictures", limit=-1))
        kept = {str(path.relative_to(data_dir)): path.stat().st_size for path in sorted(data_dir.glob("old/*/*.db"))}
        print(json.dumps({
            "last": last, "receipted": receipted, "forgotten": pruned, "kinds": kinds, "pictures_waiting": waiting,
            "bytes": (data_dir / "journal.db").stat().st_size, "old_journals": kept,
        }))  # fmt: skip


@journal.command()
def export(
    data_dir: DataDir,
    first: Annotated[int, typer.Option("--from", min=1, help="From this fact on")] = 1,
    last: Annotated[int | None, typer.Option("--to", help="Up to this one")] = None,
) -> None:
    """Print facts, one JSON object a line: content, salt and the chain's head after it (docs/verification.md)."""
    with told_in_one_sentence(), _reads(data_dir) as reads:
        while rows := reads.rows("facts_from", first=first, limit=1000):
            for seq, content, salt, head in rows:
                if last is not None and seq > last:
                    return
                print(f'{{"content":{content},"head":"{head.hex()}","salt":"{salt.hex()}","seq":{seq}}}')
            first = rows[-1][0] + 1


@contextmanager
def _reads(data_dir: Path) -> Iterator[Any]:
    from edge_agent.journal.journal import FILE
    from edge_agent.store import Reads

    reads = Reads(data_dir / FILE)
    try:
        yield reads
    finally:
        reads.close()


@contextmanager
def told_in_one_sentence() -> Iterator[None]:
    """Ends the command with a sentence for a person where it cannot go on."""
    try:
        yield
    except SettingsError as error:
        for fault in error.faults:
            print(fault, file=sys.stderr)
        print(error.diagnosis, file=sys.stderr)
        raise typer.Exit(WRONG_SETTINGS) from error
    except EdgeError as error:
        print(f"{error.diagnosis} ({error})", file=sys.stderr)
        raise typer.Exit(1) from error


class _JsonLines(logging.Formatter):
    """One JSON object a line: events of the agent by their name, anything else as `log`."""

    def format(self, record: logging.LogRecord) -> str:
        fields = getattr(record, "fields", None)
        said = {"event": "log", "message": record.getMessage()} if fields is None else {"event": record.getMessage()}
        said |= {"at": datetime.fromtimestamp(record.created, UTC).isoformat(), "level": record.levelname.lower()}
        if record.exc_info:
            said["trace"] = self.formatException(record.exc_info)
        return json.dumps(said | (fields or {}), ensure_ascii=False, default=str)


def log_json() -> None:
    """Logs to stdout, one JSON object a line."""
    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(_JsonLines())
    logging.basicConfig(level=logging.INFO, handlers=[handler], force=True)
    logging.getLogger("httpx").setLevel(logging.WARNING)
