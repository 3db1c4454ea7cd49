"""Commands as they come from outside: one union, the same for console, API, chat and cards."""

import msgspec
import pytest

from server.domain import commands as c

DECODE = msgspec.json.Decoder(c.AnyCommand).decode


def test_a_card_click_and_the_api_decode_to_the_same_command():
    assert DECODE(b'{"command":"claim","ticket":12}') == c.Claim(ticket=12)
    said = DECODE('{"command":"reply","ticket":12,"text":"马上到","then":"waiting_customer"}')
    assert said == c.Reply(ticket=12, text="马上到", then="waiting_customer")


@pytest.mark.parametrize("kind", c.AnyCommand.__args__)
def test_every_command_survives_the_wire(kind):
    fields = {
        "staff": 3, "team": "first", "text": "在看", "status": "waiting_third", "reason": "等",
        "until": "2026-03-16T01:00:00Z", "priority": "high", "seen_version": 3,
        "metric": "resolve", "due_at": "2026-03-16T01:00:00Z", "question": "谁会", "into": 13,
        "messages": [1], "subject": "另一件事",
    }  # fmt: skip
    needed = {one.name for one in msgspec.structs.fields(kind) if one.required} - {"ticket"}
    given = {name: value for name, value in fields.items() if name in needed}
    tag = kind.__struct_config__.tag
    command = DECODE(msgspec.json.encode({"command": tag, "ticket": 12, **given}))
    assert type(command) is kind
    assert DECODE(msgspec.json.encode(command)) == command


@pytest.mark.parametrize(
    "text",
    [
        '{"command":"claim"}',
        '{"command":"claim","ticket":"12"}',
        '{"command":"claim","ticket":12,"force":true}',
        '{"command":"explode","ticket":12}',
        '{"ticket":12}',
        '{"command":"reply","ticket":12,"text":""}',
        '{"command":"cancel","ticket":12,"reason":""}',
        '{"command":"hold","ticket":12,"status":"waiting_third","reason":"等"}',
        '{"command":"set_priority","ticket":12,"priority":"highest"}',
    ],
)
def test_what_is_not_a_command_is_refused(text):
    with pytest.raises(msgspec.ValidationError):
        DECODE(text)
