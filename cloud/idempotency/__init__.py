"""Answers that are given again to whoever asks the same again."""
