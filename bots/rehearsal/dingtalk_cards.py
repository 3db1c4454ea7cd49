"""Interactive cards as the rehearsed DingTalk makes, shows and changes them (facts/dingtalk 5).

It refuses what the platform refuses: unknown and unpublished templates, cards without a name, data
or chat, values that are no strings or longer than 1 KB, names that were used before, people and
groups that are not there. Clicks go to the Stream only when the card was made for it. What answers
a click is shown to whoever pressed; what all see changes by an update alone.
"""

from typing import Any, Final

import msgspec

from bots.rehearsal.dingtalk_gateway import CARD_TOPIC, Ack, Gateway, Push
from bots.rehearsal.dingtalk_messages import new_error
from bots.rehearsal.dingtalk_world import App, CardOnWall, Member, Seen, World

IN_TIME: Final = 2.0
"""Real seconds within which a click is answered; later the client says that it failed."""
_MOST_VALUE: Final = 1024
_MOST_KEY: Final = 100
_SPACE: Final = "dtv1.card//"
_MODELS: Final = {
    "IM_GROUP": ("imGroupOpenSpaceModel", "imGroupOpenDeliverModel"),
    "IM_ROBOT": ("imRobotOpenSpaceModel", "imRobotOpenDeliverModel"),
}


class Click(msgspec.Struct, kw_only=True, eq=False):
    """A button that somebody pressed, and whether he saw it work."""

    push: Push
    worked: bool = False

    @property
    def acked(self) -> bool:
        """The application has it, or never will."""
        return self.push.lost or self.push.acked


class Cards:
    """The cards of all applications, by their names."""

    def __init__(self, world: World, gateway: Gateway) -> None:
        self._world = world
        self._gateway = gateway
        self._made: dict[str, tuple[App, CardOnWall, Seen]] = {}

    def make(self, app: App, body: dict[str, Any]) -> dict[str, Any]:
        """`POST /v1.0/card/instances/createAndDeliver`."""
        key = body.get("outTrackId")
        if not isinstance(key, str) or not key:
            raise new_error(400, "param.outTrackIdEmpty")
        self._check_template(body.get("cardTemplateId"))
        shown = _parameters(body.get("cardData"), "param.cardPublicDataEmpty")
        if key in self._made:
            raise new_error(400, "param.cardAlreadyExist")
        kind, place = _space(body)
        chat = self._chat(app, kind, place)
        if chat is None:
            told = {"spaceType": kind, "spaceId": place, "success": False}
            told |= {"errorMsg": "robot is not in the group", "carrierId": ""}
            return {"success": True, "result": {"outTrackId": key, "deliverResults": [told]}}
        carrier = self._world.code(24)
        card = CardOnWall(
            key=key, shown=shown, clickable=body.get("callbackType") == "STREAM", space=chat
        )
        seen = Seen(
            id=f"msg{self._world.code(20)}",
            at=self._world.clock.now(),
            chat=chat,
            sender=app.name,
            sender_id=app.robot_code,
            from_robot=True,
            kind="interactiveCard",
            title=shown.get("title"),
            text=card.text_for(""),
            ref=carrier,
            card=card,
        )
        self._made[key] = (app, card, self._world.write(seen))
        told = {"spaceType": kind, "spaceId": place, "success": True}
        told |= {"errorMsg": "", "carrierId": carrier}
        return {"success": True, "result": {"outTrackId": key, "deliverResults": [told]}}

    def _check_template(self, template: object) -> None:
        if not isinstance(template, str) or not template:
            raise new_error(400, "param.cardTemplateIdEmpty")
        published = self._world.templates.get(template)
        if published is None:
            raise new_error(400, "param.templateNotExist")
        if not published:
            raise new_error(400, "param.templateUnpublished")

    def _chat(self, app: App, kind: str, place: str) -> str | None:
        """The conversation that a space is, None: the robot cannot write there."""
        if kind == "IM_GROUP":
            group = self._world.groups.get(place)
            able = group is not None and not group.disbanded and app in group.robots
            return place if able else None
        person = self._world.people.get(place)
        if person is None or person.outside:
            raise new_error(400, "param.userIdNotExist")
        return self._world.private_chat(app, place)

    def update(self, app: App, body: dict[str, Any]) -> dict[str, Any]:
        """`PUT /v1.0/card/instances`: for everybody. Without the options the map is replaced."""
        made = self._made.get(str(body.get("outTrackId")))
        if made is None or made[0] is not app:
            raise new_error(400, "param.cardNotExist")
        fresh = _parameters(body.get("cardData"), "param.cardDataAndPrivateDataBothEmpty")
        options = body.get("cardUpdateOptions")
        by_key = isinstance(options, dict) and options.get("updateCardDataByKey") is True
        card = made[1]
        card.shown = card.shown | fresh if by_key else fresh
        card.own = {}
        return {"success": True, "result": True}

    def click(self, person: Member, seen: Seen, text: str) -> Click:
        """Somebody presses a button; a ValueError when the card shows him no such button."""
        card = seen.card
        button = card.button(person.id, text) if card is not None else None
        if card is None or button is None or button.get("request") is not True:
            msg = f"{person.name} sees no button {text!r}"
            raise ValueError(msg)
        private = {"actionIds": [button.get("id")], "params": button.get("params") or {}}
        content = msgspec.json.encode({"cardPrivateData": private}).decode()
        data = {
            "type": "actionCallback",
            "outTrackId": card.key,
            "corpId": self._world.corp_id,
            "userId": person.id,
            "userIdType": 1,
            "spaceType": "im",
            "spaceId": card.space,
            "extension": "{}",
            "content": content,
        }
        push = Push(
            app=self._made[card.key][0], type="CALLBACK", topic=CARD_TOPIC, data=data, once=True
        )
        click = Click(push=push)
        push.on_ack = lambda ack: self._answered(click, card, person, ack)
        if card.clickable:
            self._gateway.push(push)
        else:
            push.lost = True
        return click

    def _answered(self, click: Click, card: CardOnWall, person: Member, ack: Ack) -> None:
        """What the acknowledgement says is shown to him who pressed, if it came in time."""
        click.worked = ack.code == 200 and ack.latency <= IN_TIME
        response = ack.data.get("response") if isinstance(ack.data, dict) else None
        fresh = response.get("cardData") if isinstance(response, dict) else None
        if click.worked and fresh is not None:
            seen = card.own.get(person.id, card.shown)
            card.own[person.id] = seen | _parameters(fresh, "param.invalid")
            self._world.changed()


def _parameters(told: object, empty: str) -> dict[str, str]:
    """The variables of a card: strings of at most 1 KB (5.1)."""
    named = told.get("cardParamMap") if isinstance(told, dict) else None
    if not isinstance(named, dict) or not named:
        raise new_error(400, empty)
    for key, value in named.items():
        if not isinstance(value, str) or len(value.encode()) > _MOST_VALUE:
            raise new_error(400, "param.invalid", f"{key} is no string of at most 1 KB")
        if len(key.encode()) > _MOST_KEY:
            raise new_error(400, "param.invalid", f"{key} is too long a name")
    return named


def _space(body: dict[str, Any]) -> tuple[str, str]:
    """Kind and place of the chat that a card is put into."""
    told = body.get("openSpaceId")
    if not isinstance(told, str) or not told:
        raise new_error(400, "param.openSpaceIdEmpty")
    kind, _, place = told.removeprefix(_SPACE).partition(".")
    if not told.startswith(_SPACE) or kind not in _MODELS or not place:
        raise new_error(400, "param.openSpaceIdInvalid")
    space, deliver = (body.get(name) for name in _MODELS[kind])
    if not isinstance(space, dict):
        raise new_error(400, "param.openSpaceModelInvalid")
    if not isinstance(deliver, dict):
        raise new_error(400, "param.openDeliverModelEmpty")
    if kind == "IM_GROUP" and not deliver.get("robotCode"):
        raise new_error(400, "param.openDeliverModelError")
    return kind, place
