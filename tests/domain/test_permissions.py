"""Who may do which command: one table, proved cell by cell."""

import pytest

from server.domain import commands as c
from server.domain.errors import NotAllowed, UnknownTicket
from server.domain.events import Priority
from server.domain.people import Role, sight_of
from server.domain.permissions import FITS, MAY, allowed, permit
from server.domain.statuses import STATUSES
from tests.support.builders import MONDAY, a_colleague, a_firm, a_ticket

ALL = (
    c.Claim(ticket=12),
    c.Release(ticket=12),
    c.Assign(ticket=12, staff=3),
    c.Transfer(ticket=12, team="first"),
    c.Reply(ticket=12, text="在看"),
    c.Note(ticket=12, text="记"),
    c.Hold(ticket=12, status="waiting_third", reason="等", until=MONDAY),
    c.Resume(ticket=12),
    c.Resolve(ticket=12),
    c.Close(ticket=12),
    c.Cancel(ticket=12, reason="误报"),
    c.Reopen(ticket=12),
    c.SetPriority(ticket=12, priority=Priority.HIGH),
    c.SetDue(ticket=12, metric="resolve", due_at=MONDAY, reason="已约好"),
    c.ReleaseDue(ticket=12, metric="resolve"),
    c.Plan(ticket=12, text="换一台"),
    c.CheckIn(ticket=12),
    c.Escalate(ticket=12, reason="急"),
    c.Urge(ticket=12),
    c.AskHelp(ticket=12, question="谁有钥匙", team="first"),
    c.Merge(ticket=12, into=13),
    c.Unmerge(ticket=12),
    c.Split(ticket=12, messages=(1,), subject="另一件事"),
    c.Edit(ticket=12, seen_version=3),
)
#               admin super staff other collab auditor
TABLE = {
    "claim": "    yes   yes   yes   -     no     no",
    "release": "  yes   yes   yes   -     no     no",
    "assign": "   yes   yes   yes   -     no     no",
    "transfer": " yes   yes   yes   -     no     no",
    "reply": "    yes   yes   yes   -     no     no",
    "note": "     yes   yes   yes   -     yes    no",
    "hold": "     yes   yes   yes   -     no     no",
    "resume": "   yes   yes   yes   -     no     no",
    "resolve": "  yes   yes   yes   -     no     no",
    "close": "    yes   yes   yes   -     no     no",
    "cancel": "   yes   yes   no    -     no     no",
    "reopen": "   yes   yes   yes   -     no     no",
    "set_priority": "yes yes  yes   -     no     no",
    "set_due": "  yes   yes   no    -     no     no",
    "release_due": "yes yes   no    -     no     no",
    "plan": "     yes   yes   yes   -     no     no",
    "check_in": " yes   yes   yes   -     no     no",
    "escalate": " yes   yes   yes   -     no     no",
    "urge": "     yes   yes   yes   -     yes    no",
    "ask_help": " yes   yes   yes   -     no     no",
    "merge": "    yes   yes   yes   -     no     no",
    "unmerge": "  yes   yes   yes   -     no     no",
    "split": "    yes   yes   yes   -     no     no",
    "edit": "     yes   yes   yes   -     no     no",
}
FIRM = a_firm()
WHO = {
    "administrator": a_colleague(1, "管理员", role=Role.ADMINISTRATOR),
    "supervisor": FIRM.staff[2],
    "the holder": FIRM.staff[3],
    "another team": FIRM.staff[4],
    "collaborator who holds it": a_colleague(5, "财务", role=Role.COLLABORATOR),
    "auditor": a_colleague(6, "审计", role=Role.AUDITOR),
}


@pytest.mark.parametrize("command", ALL, ids=lambda one: one.__struct_config__.tag)
@pytest.mark.parametrize(("place", "name"), list(enumerate(WHO)), ids=list(WHO))
def test_the_table(command, place, name):
    by = WHO[name]
    held = a_ticket("open", assignee=5 if by.role is Role.COLLABORATOR else 3)
    expected = TABLE[command.__struct_config__.tag].split()[place]
    sight = sight_of(by, FIRM.teams)
    if expected == "yes":
        permit(by, sight, command, held)
        return
    with pytest.raises(UnknownTicket if expected == "-" else NotAllowed):
        permit(by, sight, command, held)


def test_every_command_is_in_every_table():
    kinds = {type(one) for one in ALL}
    assert set(MAY) == set(FITS) == kinds == set(c.AnyCommand.__args__)


def test_a_colleague_gives_back_only_what_he_holds():
    other = a_colleague(7, "同组", email="t@x.cn")
    teams = {"second": a_firm().teams["second"].__class__(id="second", name="二线", members=(3, 7))}
    with pytest.raises(NotAllowed):
        permit(other, sight_of(other, teams), c.Release(ticket=12), a_ticket("open"))


def test_who_left_may_do_nothing():
    gone = a_colleague(3, active=False)
    with pytest.raises(NotAllowed):
        permit(gone, sight_of(gone, FIRM.teams), c.Note(ticket=12, text="x"), a_ticket("open"))


BUTTONS = {
    "new": "claim assign transfer reply note hold resolve close set_priority plan escalate urge"
    " ask_help merge split edit",
    "open": "release assign transfer reply note hold resolve close set_priority plan check_in"
    " escalate ask_help merge split edit",
    "waiting_customer": "release assign transfer reply note hold resume resolve close set_priority"
    " plan check_in escalate ask_help merge split edit",
    "resolved": "reply note close reopen split edit",
    "closed": "reply note reopen split edit",
    "cancelled": "note edit",
    "merged": "note edit",
}


@pytest.mark.parametrize("status", BUTTONS)
def test_buttons_are_what_would_change_something(status):
    li = FIRM.staff[3]
    found = allowed(li, sight_of(li, FIRM.teams), a_ticket(status))
    assert sorted(found) == sorted(BUTTONS[status].split())
    assert status in STATUSES
