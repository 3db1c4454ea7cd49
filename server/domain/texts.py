"""What no database keeps is taken out of texts where they come in, whatever way they come."""

import re
from typing import Final

_UNCLEAN: Final = re.compile("[\x00\ud800-\udfff]")


def clean(text: str) -> str:
    """Without NUL and lone surrogates."""
    return _UNCLEAN.sub("", text)


def cleaned(value: object) -> object:
    """The same for every text in decoded JSON, also for keys."""
    if isinstance(value, str):
        return clean(value)
    if isinstance(value, list):
        return [cleaned(one) for one in value]
    if isinstance(value, dict):
        return {clean(key): cleaned(one) for key, one in value.items()}
    return value
