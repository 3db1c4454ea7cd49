"""R20: tickets from another desk, with their history; old clocks are on record only."""

import msgspec
import pytest

from server.domain.imports import BadLine
from server.storage import messages, outbox, tickets
from server.usecases import deadlines, importing, intake, reports
from server.usecases.importing import Imported
from server.usecases.standing import read_standing
from tests.support.builders import Office, at

pytestmark = pytest.mark.anyio

DONE = {
    "key": "old-1",
    "subject": "打印机卡纸",
    "text": "三楼",
    "name": "王芳",
    "phone": "13800000001",
    "created_at": "2026-03-02 09:00",
    "status": "closed",
    "team": "second",
    "assignee": "LI@x.cn",
    "messages": [
        {"at": "2026-03-02 09:40", "by": "staff", "text": "在看"},
        {"at": "2026-03-02 10:00", "text": "好的"},
        {"at": "2026-03-02 10:10", "by": "note", "text": "缺件"},
    ],
    "resolved_at": "2026-03-02T14:00:00+08:00",
    "closed_at": "2026-03-03 09:00",
}
OPEN = {"key": "old-2", "subject": "网络不通", "name": "李四", "created_at": "2026-03-13 17:00"}


def lines(*tickets_: dict) -> bytes:
    return b"\n".join(msgspec.json.encode(one) for one in tickets_)


async def bring(office: Office, *tickets_: dict) -> Imported:
    file = await importing.read_file(office.desk, lines(*tickets_), table=False)
    assert file.wrong == ()
    return await importing.import_file(office.desk, file)


async def test_r20_a_closed_ticket_comes_with_its_history_and_nobody_is_told(office: Office):
    await office.connect()
    assert await bring(office, DONE) == Imported(fresh=1, known=0)
    ticket = await tickets.find(office.desk.database, 1)
    assert ticket is not None
    assert (ticket.status, ticket.assignee, ticket.team) == ("closed", office.li.id, "second")
    assert (ticket.created_at, ticket.first_reply_at, ticket.resolved_at, ticket.closed_at) == (
        at("02 09:00"),
        at("02 09:40"),
        at("02 14:00"),
        at("03 09:00"),
    )
    said = await messages.list_messages(office.desk.database, 1)
    assert [(one.body, one.visibility) for one in said] == [
        ("三楼", "public"),
        ("在看", "public"),
        ("好的", "public"),
        ("缺件", "internal"),
    ]
    state = await read_standing(office.desk.database, 1)
    judged = {one.metric: (one.imported, one.verdict) for one in state.clocks}
    assert judged == {"first": (True, "breached"), "resolve": (True, "met")}
    assert await outbox.list_in_state(office.desk.database, "waiting", 50) == []
    assert await deadlines.list_due(office.desk) == []
    told = (await reports.report(office.desk, office.boss, None, None, "final")).attainment
    assert (told.imported, told.metrics) == (2, ())


async def test_r20_an_open_one_is_routed_and_what_happens_from_now_on_is_promised(office: Office):
    await bring(office, OPEN)
    ticket = await tickets.find(office.desk.database, 1)
    assert ticket is not None
    assert (ticket.assignee, ticket.breached, ticket.next_due_at) == (office.li.id, False, None)
    office.move_to("18:00")
    assert await deadlines.list_due(office.desk) == []
    heard = await intake.customer_writes(office.desk, 1, "k", "还没好", "portal")
    assert heard.message_count == 1


async def test_r20_a_second_run_goes_on_where_the_first_was_stopped(office: Office):
    assert await bring(office, DONE) == Imported(fresh=1, known=0)
    file = await importing.read_file(office.desk, lines(DONE, OPEN), table=False)
    assert await importing.count_known(office.desk, file) == Imported(fresh=1, known=1)
    assert await tickets.find(office.desk.database, 2) is None, "counting imports nothing"
    assert await bring(office, DONE, OPEN) == Imported(fresh=1, known=1)
    assert await tickets.find(office.desk.database, 3) is None


WRONG = {
    "no subject": ({"subject": ""}, "subject", "missing"),
    "an unknown field": ({"colour": "red"}, "colour", "unknown"),
    "an unknown status": ({"status": "gone"}, "status", "choice"),
    "no instant": ({"created_at": "neulich"}, "created_at", "instant"),
    "the future": ({"closed_at": "2027-01-01 09:00"}, "closed_at", "in_the_future"),
    "closed before it was filed": ({"closed_at": "2026-03-01 09:00"}, "closed_at", "out_of_order"),
    "closed without an instant": ({"closed_at": ""}, "closed_at", "missing"),
    "an unknown team": ({"team": "third"}, "team", "no_such"),
    "an unknown colleague": ({"assignee": "x@x.cn"}, "assignee", "no_such"),
    "a message of nobody": (
        {"messages": [{"at": "2026-03-02 09:10"}]},
        "messages[0].text",
        "missing",
    ),
}


@pytest.mark.parametrize("case", WRONG)
async def test_r20_a_wrong_line_is_named_with_its_field_and_nothing_is_imported(
    sqlite_office: Office, case: str
):
    change, field, code = WRONG[case]
    content = lines(OPEN, DONE | change) + b"\nnonsense"
    file = await importing.read_file(sqlite_office.desk, content, table=False)
    assert file.wrong == (BadLine(2, field, code), BadLine(3, "", "malformed"))
    with pytest.raises(importing.Invalid):
        await importing.import_file(sqlite_office.desk, file)
    assert await tickets.find(sqlite_office.desk.database, 1) is None


async def test_r20_a_table_of_an_old_spreadsheet_is_read(sqlite_office: Office):
    table = (
        "key,subject,name,created_at,first_reply_at,resolved_at,status,tags\r\n"
        '7,"打印机, 三楼",王芳,2026-03-02 09:00,2026-03-02 09:10,2026-03-02 11:00,'
        "resolved,硬件、急\r\n"
        "7,again,王芳,2026-03-02 09:00,,,,\r\n"
    )
    file = await importing.read_file(sqlite_office.desk, table.encode("gb18030"), table=True)
    assert file.wrong == (BadLine(3, "key", "twice_in_file"),)
    fine = msgspec.structs.replace(file, tickets=file.tickets[:1], wrong=())
    await importing.import_file(sqlite_office.desk, fine)
    ticket = await tickets.find(sqlite_office.desk.database, 1)
    assert ticket is not None
    assert (ticket.subject, ticket.tags) == ("打印机, 三楼", ("硬件", "急"))
    assert (ticket.status, ticket.first_reply_at) == ("resolved", at("02 09:10"))
