// Passkeys in the browser (W3C Web Authentication Level 3). The JSON of the API is turned into what the browser wants
// and back by hand: `parseCreationOptionsFromJSON` and `toJSON` are missing in browsers that are still in use.

import { call } from "../api/client";
import { Problem } from "../api/problem";
import type { Passkey } from "../api/types";

type Json = Record<string, unknown>;
type Named = { id: string; type: "public-key"; transports?: AuthenticatorTransport[] };

/** Why there is no signature: nobody touched the key, this page cannot ask for one, or I have none. */
export class PasskeyProblem extends Error {
  constructor(readonly code: "cancelled" | "no_browser" | "known" | "none_yet") {
    super(code);
  }
}

/** Passkeys work at https addresses and at localhost only. */
export function passkeysWork(): boolean {
  return window.isSecureContext && typeof PublicKeyCredential === "function";
}

/** Signs `challenge` (hex) with one of my passkeys; what `POST /acts/sign` takes as `assertion`. */
export async function signWithPasskey(challenge: string): Promise<Json> {
  return await signed(call("get", "/api/v1/passkeys/options", { query: { challenge } }));
}

/** Shows by one of my passkeys that it is still me, as the password would. */
export async function proveByPasskey(): Promise<void> {
  const assertion = await signed(call("post", "/api/v1/passkeys/proof/begin", {}));
  await call("post", "/api/v1/passkeys/proof", { body: { assertion } });
}

async function signed(asked: Promise<unknown>): Promise<Json> {
  const options = (await asked.catch((error: unknown) => {
    throw error instanceof Problem && error.code === "passkey" ? new PasskeyProblem("none_yet") : error;
  })) as Json;
  const found = await ask(() =>
    navigator.credentials.get({
      publicKey: {
        ...(options as object),
        challenge: bytes(options.challenge as string),
        allowCredentials: named(options.allowCredentials),
      } as PublicKeyCredentialRequestOptions,
    }),
  );
  const response = found.response as AuthenticatorAssertionResponse;
  return written(found, {
    authenticatorData: text(response.authenticatorData),
    signature: text(response.signature),
    userHandle: response.userHandle ? text(response.userHandle) : null,
  });
}

/** Makes a passkey on this device (or one that is plugged in) and adds it to my account. */
export async function makePasskey(name: string): Promise<Passkey> {
  const options = (await call("post", "/api/v1/passkeys/begin", {})) as Json;
  const user = options.user as Json;
  const made = await ask(() =>
    navigator.credentials.create({
      publicKey: {
        ...(options as object),
        challenge: bytes(options.challenge as string),
        user: { ...user, id: bytes(user.id as string) },
        excludeCredentials: named(options.excludeCredentials),
      } as unknown as PublicKeyCredentialCreationOptions,
    }),
  );
  const response = made.response as AuthenticatorAttestationResponse;
  const credential = written(made, {
    attestationObject: text(response.attestationObject),
    transports: response.getTransports?.() ?? [],
  });
  return await call("post", "/api/v1/passkeys", { body: { name, credential } });
}

async function ask(question: () => Promise<Credential | null>): Promise<PublicKeyCredential> {
  if (!passkeysWork()) throw new PasskeyProblem("no_browser");
  try {
    const given = await question();
    if (given === null) throw new PasskeyProblem("cancelled");
    return given as PublicKeyCredential;
  } catch (error) {
    if (error instanceof DOMException) throw new PasskeyProblem(error.name === "InvalidStateError" ? "known" : "cancelled");
    throw error;
  }
}

function written(credential: PublicKeyCredential, response: Json): Json {
  return {
    id: credential.id,
    rawId: text(credential.rawId),
    type: credential.type,
    authenticatorAttachment: credential.authenticatorAttachment,
    clientExtensionResults: {},
    response: { clientDataJSON: text(credential.response.clientDataJSON), ...response },
  };
}

function named(list: unknown): PublicKeyCredentialDescriptor[] {
  return ((list ?? []) as Named[]).map((each) => ({ ...each, id: bytes(each.id) }));
}

/** Base64url without padding → bytes. */
export function bytes(encoded: string): Uint8Array<ArrayBuffer> {
  const plain = atob(encoded.replace(/-/g, "+").replace(/_/g, "/"));
  return Uint8Array.from(plain, (character) => character.charCodeAt(0));
}

/** Bytes → base64url without padding. */
export function text(raw: ArrayBuffer | Uint8Array): string {
  const plain = String.fromCharCode(...new Uint8Array(raw));
  return btoa(plain).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");
}
