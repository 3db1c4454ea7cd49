"""A simulated month of a firm, driven through the real use cases on a hand-moved clock (3.5.1)."""
