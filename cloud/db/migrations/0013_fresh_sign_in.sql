-- A session knows when whoever has it last proved who they are: what a borrowed one must not do asks for a fresh proof.

ALTER TABLE session ADD COLUMN proven_at timestamptz;            -- null: nobody said when
ALTER TABLE oidc_login ADD COLUMN fresh_from timestamptz;        -- null: a proof of before is good enough
