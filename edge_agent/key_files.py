"""The agent's private keys, as files."""

from pathlib import Path

from edge_agent.errors import SettingsError
from edge_agent.settings import PREFIX, EdgeSettings
from edge_agent.witness import site_of_log
from proof.errors import EncodingError
from proof.keys import SigningKey


def read_witness_key(settings: EdgeSettings, site: str | None, key: SigningKey | None) -> SigningKey | None:
    """The key of an agent of `site`, whose own key is `key`, as a witness; None where it is none. Raises SettingsError.

    What is not known is not checked.
    """
    if not settings.witness_logs:
        return None
    if site in [site_of_log(log) for log in settings.witness_logs]:
        raise SettingsError([f"{PREFIX}WITNESS_LOGS: an agent is no witness of its own site's log"])
    path, variable = settings.witness_key_file, f"{PREFIX}WITNESS_KEY_FILE"
    if path is None:
        raise SettingsError([f"{variable}: a witness has a key of its own: `sealtrail edge keygen --witness AGENT`"])
    try:
        if path.stat().st_mode & 0o077:
            raise SettingsError([f"{variable}: {path} is open to others than its owner: chmod 600 it"])
        own = SigningKey.from_pem(path.read_bytes())
    except (OSError, EncodingError) as error:
        raise SettingsError([f"{variable}: {path}: {error}"]) from error
    if key and own.public == key.public:
        raise SettingsError([f"{variable}: {path} is the agent's own key; a witness has another one"])
    return own


def read_key(path: Path) -> SigningKey:
    """The agent's private key. Raises SettingsError."""
    try:
        return SigningKey.from_pem(path.read_bytes())
    except (OSError, EncodingError) as error:
        raise SettingsError([f"{PREFIX}KEY_FILE: {path}: {error}"]) from error
