"""Joining: how a device becomes an agent, keeps its certificate fresh, is shut out, and is told its configuration."""
