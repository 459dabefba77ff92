"""Figures, each beside the limit or peer measured in the same run."""
