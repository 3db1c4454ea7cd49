"""Questions about the desk as a whole: 搜索, 统计, 谁在班."""

from typing import Final

from bots.asking import Asked
from bots.telling import holder_name, moment, status_name, subject_of
from server.domain.people import Staff
from server.usecases.figures import Figures, read_figures
from server.usecases.search import find_tickets

_SHOWN: Final = 5


async def search(asked: Asked) -> str:
    """搜索: the first that were found."""
    word = asked.phrase.text.strip()
    found = await find_tickets(asked.desk, asked.person, word, _SHOWN + 1)
    if not found:
        return asked.say("search.none", word=word)
    language, firm = asked.person.language, asked.firm
    lines = [asked.say("search.head", word=word)]
    lines += [
        " · ".join(
            (
                f"#{one.number} {subject_of(one)}",
                status_name(language, one, firm),
                holder_name(language, one, firm),
            )
        )
        for one in found[:_SHOWN]
    ]
    if len(found) > _SHOWN:
        lines.append(asked.say("search.more"))
    return "\n".join(lines)


async def stats(asked: Asked) -> str:
    """统计: his own figures, then his teams'."""
    found = await read_figures(asked.desk, asked.person)
    return "\n".join(_figures(asked, one) for one in found)


def _figures(asked: Asked, one: Figures) -> str:
    whose = asked.firm.team_name(one.team) if one.team is not None else asked.say("stats.me")
    text = asked.say(
        "stats.line",
        whose=whose,
        today=one.today,
        week=one.week,
        open=one.open,
        overdue=one.overdue,
    )
    if one.rating is None:
        return text
    return text + asked.say("stats.rating", rating=f"{one.rating:.1f}")


async def who(asked: Asked) -> str:
    """谁在班: by team, who gets tickets now and who is on a break."""
    firm = asked.firm
    lines: list[str] = []
    for team in sorted(firm.teams.values(), key=lambda team: team.name):
        people = [firm.staff[one] for one in sorted(team.people) if one in firm.staff]
        there = [_there(asked, one) for one in people if one.active and one.duty != "off_duty"]
        names = "、".join(there) or asked.say("who.nobody")
        lines.append(asked.say("who.line", team=team.name, names=names))
    return "\n".join(lines) or asked.say("who.nobody")


def _there(asked: Asked, one: Staff) -> str:
    if one.break_until is None:
        return one.name
    now, zone = asked.desk.clock.now(), asked.firm.profile.zone
    until = moment(asked.person.language, one.break_until, now, zone)
    return asked.say("who.break", name=one.name, until=until)
