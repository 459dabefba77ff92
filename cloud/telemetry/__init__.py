"""Readings at a high rate: stored once each, gathered by minute, hour and day, shown as charts."""
