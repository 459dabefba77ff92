"""What may happen to evidence: items, packages, permits, the rule pack, and the one decision at a gate.

Pure: no clock, no randomness, no input or output. Edge and cloud call the same functions and so obey the same rules.
"""
