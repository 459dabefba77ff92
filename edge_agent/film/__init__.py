"""Cameras as evidence: always filmed into a ring on disk, of which custody events keep what was before and after."""
