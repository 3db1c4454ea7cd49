"""Why a ticket went where it went, told in one paragraph in both languages."""

import pytest

from server.domain.events import Candidate, Decision
from server.domain.people import Team
from server.usecases.reasons import paragraph
from tests.support.builders import a_colleague, a_firm

FIRM = a_firm(
    teams={
        "first": Team(id="first", name="一线", members=(4,)),
        "second": Team(id="second", name="二线", members=(3,), leaders=(2,)),
    },
    staff={
        number: a_colleague(number, name)
        for number, name in ((2, "主管"), (3, "李工"), (4, "小赵"), (5, "老周"))
    },
)


def a_decision(**fields):
    given = {
        "rule": "net",
        "rule_name": "网络",
        "version": 4,
        "team": "second",
        "mode": "automatic",
    }
    return Decision(**(given | fields))


BEST = Candidate(
    staff=3, load=2, score=71, scores={"skill": 20, "load": 36, "fair": 10, "known": 5}
)
NEXT = Candidate(
    staff=4, load=6, score=58, scores={"skill": 15, "load": 28, "fair": 10, "known": 5}
)
AWAY = Candidate(staff=5, load=0, dropped="off_duty")

TOLD = [
    (
        a_decision(
            matched=("keyword=断网", "priority=urgent"),
            assignee=3,
            outcome="assigned",
            skills=("网络",),
            levels={"网络": 2},
            candidates=(BEST, NEXT, AWAY),
            pool=3,
            counts={"off_duty": 1},
        ),
        "按派单规则「网络」（第 4 版）：提到「断网」、优先级是「紧急」。派给处理组「二线」，"
        "要求会：网络（2 级以上）。李工得分最高（71 分：技能匹配 20、在办少 36、派得少 10、"
        "熟悉客户 5），手上在办 2 单，派给李工。其次是小赵（58 分，在办 6 单）。"
        "没有派给：老周（不在班）。",
    ),
    (
        a_decision(candidates=(AWAY,), counts={"off_duty": 1}),
        "按派单规则「网络」（第 4 版），它适用于所有工单。派给处理组「二线」。"
        "组里没有人能接，留在组里等人接单。没有派给：老周（不在班）。",
    ),
    (
        a_decision(cause="unaccepted", left_out=(4,), assignee=2, outcome="supervisor"),
        "小赵没有按时接单，改派。按派单规则「网络」（第 4 版），它适用于所有工单。"
        "派给处理组「二线」。没有合适的人接，交给主管主管。",
    ),
    (
        a_decision(team="first", shed_from="second", mode="grab"),
        "按派单规则「网络」（第 4 版），它适用于所有工单。"
        "「二线」手上的单太多，这类工单先分流给「一线」。由组里的同事自己接单。",
    ),
    (
        a_decision(rule=None, team=None, outcome="nobody"),
        "没有派单规则符合（规则第 4 版）。也没有设兜底处理组，所以工单还没有归属，请主管指派。",
    ),
    (
        a_decision(
            assignee=3,
            outcome="assigned",
            candidates=(BEST, AWAY),
            counts={"off_duty": 100, "resting": 2},
            pool=103,
        ),
        "按派单规则「网络」（第 4 版），它适用于所有工单。派给处理组「二线」。"
        "李工得分最高（71 分：技能匹配 20、在办少 36、派得少 10、熟悉客户 5），手上在办 2 单，"
        "派给李工。另有 102 人没有入选：不在班 100 人、连着接了急单，先歇一会儿 2 人。",
    ),
    (
        a_decision(mode="manual", by_hand=True),
        "按派单规则「网络」（第 4 版），它适用于所有工单。同事把它转到了处理组「二线」。"
        "由调度员指派。",
    ),
]


@pytest.mark.parametrize(
    ("decision", "told"),
    TOLD,
    ids=["points", "nobody free", "not accepted", "shed", "nobody", "a crowd", "by hand"],
)
def test_the_decision_is_told_in_one_paragraph(decision, told):
    assert paragraph(decision, FIRM, "zh") == told
    english = paragraph(decision, FIRM, "en")
    assert "routing." not in english
    assert english.count(".") >= 2


def test_a_decision_of_the_first_version_is_told_too():
    old = Decision(
        rule="net",
        rule_name="网络",
        version=1,
        team="second",
        assignee=3,
        candidates=(Candidate(staff=3, load=1), Candidate(staff=4, load=0, dropped="skill")),
        outcome="assigned",
    )
    assert paragraph(old, FIRM, "zh").endswith(
        "李工在值班的人里手上的单最少（在办 1 单），派给李工。没有派给：小赵（技能不符）。"
    )
