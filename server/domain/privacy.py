"""What many people may read hides what only few need to know."""

import re
from typing import Final

_MOBILE: Final = re.compile(r"(?<!\d)(1[3-9]\d)[ -]?(\d{4})[ -]?(\d{4})(?!\d)")
_LANDLINE: Final = re.compile(r"(?<!\d)(0\d{2,3}[ -]?)(\d{3,4})(\d{4})(?!\d)")


def mask_phones(text: str) -> str:
    """The text with the middle of every telephone number hidden: 138****5678."""
    return _LANDLINE.sub(r"\1****\3", _MOBILE.sub(r"\1****\3", text))
