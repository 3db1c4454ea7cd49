"""The word lists."""
