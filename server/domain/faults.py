"""What is wrong in a configuration document, and where."""

import msgspec


class Fault(msgspec.Struct, frozen=True, kw_only=True):
    """Something in the document that cannot be: where (`rules[2].when.of[0].pattern`), a code of
    `[field]`, and facts for its words.
    """

    path: str
    code: str
    facts: dict[str, str] = {}
