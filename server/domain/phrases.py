"""From a line of chat to what was meant: 「接单 12」, 「@派单 回复12:马上到」, `claim #12`.

Pure: a line is read without knowing who wrote it. Names of teams and colleagues, and whether the
command is allowed, are looked up by whoever carries it out. Full-width letters, digits and
punctuation count as plain ones, blanks may be missing, a leading @name is skipped; what follows
the number is kept to the letter, with its line breaks.
"""

import re
from typing import Final

import msgspec

from server.domain.phrase_parts import read_span
from server.domain.sayings import FLAGS, PLAIN, SAYINGS, SHORTEST, TAKES_TEXT, VERBS, Shape, Verb


class Phrase(msgspec.Struct, frozen=True, kw_only=True):
    """What was said. `ticket` None: no number was given. `text` is the rest, verbatim. `apart`:
    the verb is a word of its own; 「解决不了」 begins with one and means something else. `bare`: a
    number and nothing else.
    """

    verb: Verb
    ticket: int | None = None
    text: str = ""
    apart: bool = True
    bare: bool = False


_BETWEEN: Final = r"[\s,:;.\-_/\[\]()<>\"'“”「」【】]{0,6}"
"""Bounded, like every blank below: thousands of blanks must not be tried in every division."""
_NUMBER: Final = (
    r"(?:工单|单号|编号|ticket|no\.?)?\s{0,3}#?\s{0,3}(?P<number>\d{1,9})"
    # 「完成 3楼的布线」 and 「3号楼」 name no ticket.
    r"(?![\d个台楼层点天次月日年元块条位件])(?!号[^单\s,:;.])(?:号单?(?=$|[\s,:;.]))?"
)
_NAMED: Final = re.compile(r"(?:@\S+\s+)*\s*")
_SAID: Final = "|".join(
    re.escape(saying).replace(r"\ ", r"\s{0,3}") for saying in sorted(VERBS, key=len, reverse=True)
)
_WHOLE: Final = r"(?:(?<![a-z])|(?![a-z]))"
"""An English word ends where its letters end; Chinese has no such mark."""
_VERB_FIRST: Final = re.compile(
    rf"[/!#]?(?P<verb>{_SAID}){_WHOLE}(?:(?:一下|了)?{_BETWEEN}{_NUMBER})?", FLAGS
)
_NUMBER_FIRST: Final = re.compile(rf"{_NUMBER}{_BETWEEN}(?P<verb>{_SAID}){_WHOLE}", FLAGS)
_BARE_NUMBER: Final = re.compile(rf"{_NUMBER}{_BETWEEN}$", FLAGS)
_LEADING: Final = re.compile(r"\s*[,:;]?\s*")
_APART: Final = re.compile(r"(?:了|一下)?(?:$|[\s,.:;!?])")
_ONLY_MARKS: Final = re.compile(r"[\s,.!?;:~…了吧呀啊哦]*")
_LONGEST_LIST: Final = 100
_NUMBERS: Final = re.compile(r"[\s,;#和与\d]*\d[\s,;#和与\d号单]*")


def read(line: str) -> Phrase | None:
    """What a line says, or None when it says nothing that we know."""
    plain = line.translate(PLAIN)
    named = _NAMED.match(plain)
    start = named.end() if named else 0
    for pattern in (_VERB_FIRST, _NUMBER_FIRST):
        found = pattern.match(plain, start)
        if found is not None:
            phrase = _phrase(found, line, plain)
            if phrase is not None:
                return phrase
    bare = _BARE_NUMBER.match(plain, start)
    return Phrase(verb="show", ticket=int(bare["number"]), bare=True) if bare else None


def _phrase(found: re.Match[str], line: str, plain: str) -> Phrase | None:
    said = _blanks(found["verb"].lower())
    verb = VERBS[said]
    shape = SAYINGS[verb][0]
    number = found["number"]
    if not shape.number:
        # Of 「新建 3 楼漏水」 the number belongs to the words.
        return _without_number(verb, shape, line, plain, found.end("verb"))
    if number is None and len(said) < SHORTEST:
        return None
    at = found.end()
    text = line[_skip(plain, at) :].rstrip()
    if number is not None:
        return Phrase(verb=verb, ticket=int(number), text=text)
    return Phrase(verb=verb, text=text, apart=_APART.match(plain, at) is not None)


def _without_number(verb: Verb, shape: Shape, line: str, plain: str, at: int) -> Phrase | None:
    rest = line[_skip(plain, at) :].rstrip()
    if shape.alone and not shape.tight and not _APART.match(plain, at):
        return None
    if shape.text:
        return Phrase(verb=verb, text=rest) if rest or shape.alone else None
    if shape.span and read_span(line[at:]) is not None:
        return Phrase(verb=verb, text=rest)
    return Phrase(verb=verb) if _ONLY_MARKS.fullmatch(plain, at) else None


def _skip(plain: str, at: int) -> int:
    """Where the words begin: behind blanks and one mark."""
    found = _LEADING.match(plain, at)
    return found.end() if found else at


def _blanks(said: str) -> str:
    """`onduty` and `on  duty` are `on duty`."""
    if said in VERBS:
        return said
    squeezed = "".join(said.split())
    return next(one for one in VERBS if one.replace(" ", "") == squeezed)


def numbers_of(phrase: Phrase) -> tuple[int, ...]:
    """The tickets that are named, each once: 「接单 12 13」 names two where no text belongs."""
    if phrase.ticket is None:
        return ()
    plain = phrase.text[:_LONGEST_LIST].translate(PLAIN)
    if phrase.verb in TAKES_TEXT or _NUMBERS.fullmatch(plain) is None:
        return (phrase.ticket,)
    others = (int(one) for one in re.findall(r"\d{1,9}", plain))
    return tuple(dict.fromkeys((phrase.ticket, *others)))


def spoken(line: str) -> str:
    """A line without the names that it is addressed to."""
    named = _NAMED.match(line.translate(PLAIN))
    return line[named.end() if named else 0 :].strip()


_MENTIONED: Final = re.compile(r"#\s{0,3}(\d{1,9})(?!\d)")


def number_in(text: str) -> int | None:
    """The ticket that one of our own messages is about: the first number behind a #."""
    found = _MENTIONED.search(text.translate(PLAIN))
    return int(found[1]) if found is not None else None


def option_in(line: str) -> int | None:
    """「1」, 「选2」: the place in a list that was asked for, or None."""
    found = _OPTION.fullmatch(spoken(line).translate(PLAIN))
    return int(found[1]) if found is not None else None


_OPTION: Final = re.compile(r"(?:选|第)?\s{0,3}(\d{1,2})[\s.个]{0,3}")


# --- what was nearly said

_HEAD: Final = re.compile(rf"[/!]?(?P<word>[^\s\d#,.:;!?@]{{1,12}}){_BETWEEN}(?:{_NUMBER})?", FLAGS)
_LONGEST_TYPO: Final = 8


def nearest(line: str) -> str | None:
    """The command that a mistyped line was probably meant to be, with its number, or None."""
    plain = line.translate(PLAIN)
    named = _NAMED.match(plain)
    found = _HEAD.match(plain, named.end() if named else 0)
    if found is None:
        return None
    word, number = found["word"].lower(), found["number"]
    if number is None and len(word) > _LONGEST_TYPO:
        return None
    near = min(
        ((_distance(word, saying), place, saying) for place, saying in enumerate(VERBS)),
        default=None,
    )
    if near is None or near[0] > _allowed(near[2]) or len(near[2]) < SHORTEST:
        return None
    shape = SAYINGS[VERBS[near[2]]][0]
    return f"{near[2]} {number}" if number is not None and shape.number else near[2]


def _allowed(saying: str) -> int:
    """How many slips still count as the same word."""
    if not saying.isascii():
        return 1
    return 2 if len(saying) > 4 else 1  # noqa: PLR2004


def _distance(one: str, other: str) -> int:
    """Letters added, dropped, replaced or swapped with their neighbour."""
    before: list[int] = []
    row = list(range(len(other) + 1))
    for i, a in enumerate(one, start=1):
        earlier, before = before, row
        row = [i]
        for j, b in enumerate(other, start=1):
            cost = min(before[j] + 1, row[j - 1] + 1, before[j - 1] + (a != b))
            if i > 1 and j > 1 and a == other[j - 2] and one[i - 2] == b:
                cost = min(cost, earlier[j - 2] + 1)
            row.append(cost)
    return row[-1]
