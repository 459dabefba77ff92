-- An account is its person's own: whether somebody else set its password, and in which browsers it is signed in.

ALTER TABLE person ADD COLUMN password_due boolean NOT NULL DEFAULT false;  -- somebody else set it: another comes first
ALTER TABLE person ADD COLUMN password_at timestamptz;           -- null: it is the one that the account was made with
ALTER TABLE person ADD COLUMN password_by text;                  -- who set it then
ALTER TABLE session ADD COLUMN browser text;                     -- what it calls itself (RFC 9110, User-Agent)
ALTER TABLE session ADD COLUMN seen_at timestamptz;              -- to the minute; null: not since this column is there
ALTER TABLE passkey_challenge ADD COLUMN proves boolean NOT NULL DEFAULT false;  -- asked of a passkey that there is
