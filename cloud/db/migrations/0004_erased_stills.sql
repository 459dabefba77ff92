-- A still that was erased with the fact that names it: its row says by which entry, its bytes are gone from the store.
ALTER TABLE media ADD COLUMN erased_index bigint;
