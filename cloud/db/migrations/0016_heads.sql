-- Heads that a camera above a door counted while it stood open; null: none does, or it did not see all of it.
ALTER TABLE door_session
    ADD COLUMN heads_in integer,
    ADD COLUMN heads_out integer;
