"""The places where devices meet."""
