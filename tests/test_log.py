import io
import logging
from collections.abc import Iterator

import pytest

from server import log


@pytest.fixture
def lines() -> Iterator[io.StringIO]:
    """What is written, by a logger of its own: the root's belongs to pytest."""
    out = io.StringIO()
    handler = logging.StreamHandler(out)
    handler.setFormatter(log.KeyValue())
    logger = logging.getLogger("server")
    before = logger.level
    logger.addHandler(handler)
    logger.setLevel(logging.INFO)
    yield out
    logger.removeHandler(handler)
    logger.setLevel(before)


def test_a_line_is_keys_and_values(lines: io.StringIO) -> None:
    logging.getLogger("server.app").info("now serving", extra=log.facts(url="http://a", steps=3))
    line = lines.getvalue()
    assert line.startswith("at=20")
    assert line.endswith('level=info from=server.app msg="now serving" url=http://a steps=3\n')


def test_a_value_cannot_forge_a_line(lines: io.StringIO) -> None:
    logging.getLogger("server").info("said", extra=log.facts(by='x"\nat=2030 level=error'))
    assert lines.getvalue().count("\n") == 1
    assert 'by="x\'\\nat=2030 level=error"' in lines.getvalue()


@pytest.mark.parametrize(
    ("said", "hidden"),
    [
        ("GET /robot/send?access_token=abc123&timestamp=1", "abc123"),
        ("secret: s3cr3t-value", "s3cr3t-value"),
        ("Authorization: Bearer eyJhbGciOi", "eyJhbGciOi"),
        ("{'clientSecret': 'topsecret'}", "topsecret"),
        ("postgresql://paidan:geheim@db/paidan", "geheim"),
        ("call 13812345678 back", "13812345678"),
        ("call +86 138-1234-5678 back", "1234-5678"),
        ("password=hunter2hunter2", "hunter2"),
        ("GET /api/v1/portal/tickets/12-abcdefghij_-ABCDEFGHIJ/nudge", "abcdefghij_-ABCDEFGHIJ"),
    ],
)
def test_secrets_and_mobile_numbers_are_left_out(
    lines: io.StringIO, said: str, hidden: str
) -> None:
    logging.getLogger("server").warning(said)
    assert hidden not in lines.getvalue()
    assert "…" in lines.getvalue()


def test_message_bodies_and_addresses_are_left_out_by_name(lines: io.StringIO) -> None:
    extra = log.facts(ticket=12, text="我家的门牌是", email="wang@example.com", body="{}")
    logging.getLogger("server").info("heard", extra=extra)
    assert lines.getvalue().endswith("ticket=12 text=… email=… body=…\n")


def test_ticket_numbers_and_event_numbers_stay_readable(lines: io.StringIO) -> None:
    logging.getLogger("server").info("seq 20261124000123 of 12345678901234")
    assert "20261124000123 of 12345678901234" in lines.getvalue()


def test_an_incident_has_a_number_and_its_traceback_below_it(lines: io.StringIO) -> None:
    try:
        int("token=abc123")
    except ValueError as error:
        number = log.incident(error, "deliveries", delivery=7)
    written = lines.getvalue()
    assert len(number) == 8
    assert f"incident={number} where=deliveries delivery=7" in written
    assert "ValueError: invalid literal" in written
    assert "abc123" not in written
