"""The agent that runs in the warehouse, on a Raspberry Pi or beside one."""
