-- What an agent told at its last start is asked for, and that may be millions of facts ago.
CREATE INDEX fact_of_start ON fact (agent, seq) WHERE kind = 'agent_started';
