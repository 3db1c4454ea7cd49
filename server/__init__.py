"""派单, the ticket desk."""

from typing import Final

VERSION: Final = "0.1.0"
"""The same as in pyproject.toml: a one-file program has no metadata to ask."""
