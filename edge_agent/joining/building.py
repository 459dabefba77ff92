"""What the settings say of joining, made into what does it."""

import os

from edge_agent.clock import Clock
from edge_agent.joining.identity import Identities
from edge_agent.joining.key_store import FileKeys, KeyStore
from edge_agent.joining.renewing import Renewals
from edge_agent.joining.tpm_keys import TpmKeys
from edge_agent.journal.journal import Journal
from edge_agent.settings import EdgeSettings
from proof.keys import SigningKey
from wire.mqtt import MqttOptions

STORES = ("file", "tpm")


def store_of(keys: str) -> KeyStore:
    """The key store called so, one of STORES."""
    return TpmKeys(os.environ) if keys == "tpm" else FileKeys()


def renewals_of(
    settings: EdgeSettings, agent: str, key: SigningKey, journal: Journal, clock: Clock, options: MqttOptions
) -> Renewals | None:
    """What renews the certificate, where the agent joined by itself."""
    if settings.identity_dir is None:
        return None
    return Renewals(
        agent, key, Identities(settings.identity_dir), store_of(settings.keys), journal, clock,
        url=str(settings.cloud_url), ca=settings.cloud_ca, options=options, every_s=settings.renew_every_s,
    )  # fmt: skip
