"""A sign-in by an OpenID provider: authorization code flow (OpenID Connect Core 3.1) with PKCE (RFC 7636).

Only what the protocol says; whose account it is, is not decided here. The provider's own word is fetched anew for each
sign-in, so that a changed key or address is never a stale one.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlencode

import httpx
from authlib.oauth2.rfc7636 import create_s256_code_challenge
from authlib.oidc.core import CodeIDToken
from joserfc import jwt
from joserfc.errors import ExpiredTokenError, InvalidClaimError, JoseError, MissingClaimError
from joserfc.jwk import KeySet

from cloud.parts import Directory
from cloud.people.errors import DirectoryGoneError, DirectorySignInError

TIMEOUT_S = 10
LEEWAY_S = 60
"""How far the provider's clock may be off."""
ALGORITHMS = ["RS256", "PS256", "ES256", "EdDSA", "Ed25519"]
"""None of a shared secret, and never `none`."""

_WRONG_CLAIM = {"iss": "wrong_issuer", "aud": "wrong_audience", "azp": "wrong_audience", "nonce": "wrong_nonce"}


@dataclass(frozen=True, slots=True)
class Provider:
    """Where the provider is asked (OpenID Connect Discovery 1.0, section 3)."""

    authorization_endpoint: str
    token_endpoint: str
    jwks_uri: str


def client() -> httpx.AsyncClient:
    """For one sign-in; follows no redirects, which could lead a secret elsewhere."""
    return httpx.AsyncClient(timeout=TIMEOUT_S, follow_redirects=False)


async def discover(http: httpx.AsyncClient, directory: Directory) -> Provider:
    """The provider's addresses. Raises DirectoryGoneError."""
    found = await _json(http, "GET", f"{directory.issuer.rstrip('/')}/.well-known/openid-configuration")
    if found.get("issuer") != directory.issuer:
        raise DirectoryGoneError(f"{directory.issuer} says that it is {found.get('issuer')!r}")
    try:
        return Provider(*(str(found[name]) for name in Provider.__slots__))
    except KeyError as error:
        raise DirectoryGoneError(f"{directory.issuer} names no {error}") from error


def authorization_url(
    provider: Provider, directory: Directory, *, state: str, nonce: str, verifier: str, fresh: bool
) -> str:
    """Where the browser is sent; `fresh`: the provider asks for the password anew, and tells when (section 3.1.2.1)."""
    asked = {
        "response_type": "code", "client_id": directory.client_id, "redirect_uri": directory.redirect_uri,
        "scope": directory.scope, "state": state, "nonce": nonce,
        "code_challenge": create_s256_code_challenge(verifier), "code_challenge_method": "S256",
    }  # fmt: skip
    if fresh:
        asked |= {"prompt": "login", "max_age": "0"}
    joint = "&" if "?" in provider.authorization_endpoint else "?"
    return f"{provider.authorization_endpoint}{joint}{urlencode(asked)}"


async def redeem(
    http: httpx.AsyncClient, provider: Provider, directory: Directory, *, code: str, verifier: str
) -> Mapping[str, Any]:
    """What the provider gives for `code`, which is good once. Raises DirectorySignInError, DirectoryGoneError."""
    body = {
        "grant_type": "authorization_code", "code": code, "redirect_uri": directory.redirect_uri,
        "code_verifier": verifier,
    }  # fmt: skip
    who = httpx.BasicAuth(directory.client_id, directory.client_secret)
    return await _json(http, "POST", provider.token_endpoint, data=body, auth=who)


async def claims_of(
    http: httpx.AsyncClient,
    provider: Provider,
    directory: Directory,
    given: Mapping[str, Any],
    *,
    nonce: str,
    now: datetime,
) -> Mapping[str, Any]:
    """The claims of the ID token in `given`, checked (section 3.1.3.7). Raises DirectorySignInError."""
    keys = await _json(http, "GET", provider.jwks_uri)
    try:
        token = jwt.decode(str(given.get("id_token")), KeySet.import_key_set(keys), algorithms=ALGORITHMS)  # type: ignore[arg-type]  # a JWKS is a mapping
        claims = CodeIDToken(
            token.claims,
            token.header,
            options={"iss": {"value": directory.issuer}, "aud": {"value": directory.client_id}},
            params={"nonce": nonce, "client_id": directory.client_id, "access_token": given.get("access_token")},
        )
        claims.validate(now=int(now.timestamp()), leeway=LEEWAY_S)
    except ExpiredTokenError as error:
        raise DirectorySignInError("id_token_expired", "the ID token has expired") from error
    except (InvalidClaimError, MissingClaimError) as error:
        code = _WRONG_CLAIM.get(error.claim, "bad_id_token")
        raise DirectorySignInError(code, f"the ID token's {error.claim} is wrong or missing") from error
    except (JoseError, ValueError, KeyError, TypeError) as error:
        raise DirectorySignInError("bad_id_token", f"no ID token of this directory: {error}") from error
    return dict(claims)


def proven_at(claims: Mapping[str, Any], now: datetime, *, after: datetime | None) -> datetime | None:
    """When the provider says that somebody proved who they are, if it says so. Asked to have them prove it anew,
    `after` a time, it has to say so, and a later time. Raises DirectorySignInError `not_proven_anew`.
    """
    told = claims.get("auth_time")
    seconds = told if isinstance(told, int) and told >= 0 else None
    at = None if seconds is None else datetime.fromtimestamp(min(seconds, int(now.timestamp())), UTC)
    if after is not None and (at is None or at < after - timedelta(seconds=LEEWAY_S)):
        raise DirectorySignInError("not_proven_anew", f"asked for a new proof, the directory answers one of {told!r}")
    return at


async def _json(http: httpx.AsyncClient, method: str, url: str, **sent: Any) -> Mapping[str, Any]:
    """The JSON object there. A 4xx for a POST is the provider's no (RFC 6749 section 5.2)."""
    try:
        answer = await http.request(method, url, headers={"accept": "application/json"}, **sent)
        said = answer.json() if answer.status_code < 500 else None
    except (httpx.HTTPError, httpx.InvalidURL, ValueError) as error:
        raise DirectoryGoneError(f"no answer of {url}: {type(error).__name__} {error}") from error
    if not isinstance(said, dict):
        raise DirectoryGoneError(f"{url} answers {answer.status_code}, and no JSON object")
    if method == "POST" and answer.is_client_error:
        raise DirectorySignInError("code_refused", f"the directory refused the code: {str(said.get('error'))[:100]}")
    if not answer.is_success:
        raise DirectoryGoneError(f"{url} answers {answer.status_code}")
    return said
