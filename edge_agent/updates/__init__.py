"""Releases wanted by the cloud: fetched, laid ready, tried when nothing is open, kept or undone (docs/updates.md)."""
