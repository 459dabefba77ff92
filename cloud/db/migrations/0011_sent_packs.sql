-- Rule packs are sent to agents: what an order is about, and which packs an agent said it has.

ALTER TABLE agent_order ADD COLUMN about text;    -- of kind rule_pack: the pack's hash
ALTER TABLE agent_order ADD COLUMN number bigint GENERATED ALWAYS AS IDENTITY;  -- orders are sent in the order they were made in
ALTER TABLE agent_stream ADD COLUMN packs text[]; -- as its last start told, and answers since; null: it never told
