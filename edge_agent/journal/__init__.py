"""The sealed local chain of everything this agent says happened, which is also its outbox."""
