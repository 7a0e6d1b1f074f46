"""JSON from outside: what is read, and what no reader of ours is given."""

import contextlib
import json
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.hipay import answers, finance_notifications, notifications, observations
from services.hipay.answers import Answer
from services.hipay.errors import BadAnswer, BadNotification
from services.text import bounded_json
from services.text.bounded_json import (
    MOST_BYTES,
    MOST_DEPTH,
    MOST_DIGITS,
    NotJson,
)

# Each was a 500, an error of another library, or one more reading than there should be.
HOSTILE = [
    b'{"amount":1e9999999}',
    b'{"amount":1e999999999999999999999}',
    b'{"amount":-1E-99999999999999999999999}',
    b'{"amount":1.5e41}',
    b'{"amount":' + b"9" * 5_000 + b"}",
    b'{"amount":0.' + b"9" * 5_000 + b"}",
    b'{"amount":NaN}',
    b'{"amount":-Infinity}',
    b'{"amount":1,"amount":2}',
    b'{"a":{"status":116,"status":118}}',
    b"[" * 100_000,
    b"[" * (MOST_DEPTH + 1) + b"]" * (MOST_DEPTH + 1),
    b'{"a":' * 600 + b"1" + b"}" * 600,
    b'"' + b"a" * MOST_BYTES + b'"',
    b"{",
    b"",
]


@pytest.mark.parametrize("raw", HOSTILE, ids=lambda raw: raw[:24].decode("latin-1"))
def test_what_cannot_be_handled_is_no_json_for_any_reader(raw: bytes) -> None:
    with pytest.raises(NotJson):
        bounded_json.read(raw)
    with pytest.raises(BadAnswer):
        answers.content(Answer(200, raw))
    assert isinstance(answers.refusal(Answer(400, raw)), BadAnswer)
    assert notifications.stripped(raw, "application/json") == b""
    with pytest.raises(BadNotification):
        notifications.read_fields(raw, "application/json")
    with pytest.raises(BadNotification):
        finance_notifications.parse_finance(raw, "application/json")
    assert observations.custom_data(raw.decode("latin-1")) == {}


def test_bytes_that_are_no_text_are_no_json() -> None:
    with pytest.raises(NotJson):
        bounded_json.read(b'{"a":"\xff"}')


def test_what_is_written_at_the_bounds_is_read_exactly() -> None:
    deep = b"[" * MOST_DEPTH + b"]" * MOST_DEPTH
    assert bounded_json.read(deep) == json.loads(deep)
    assert bounded_json.read(b'\xef\xbb\xbf{"a": 12.50, "b": 12, "c": 1.5e3, "d": [true, null]}') == {
        "a": Decimal("12.50"),
        "b": 12,
        "c": Decimal("1.5e3"),
        "d": [True, None],
    }
    digits = "9" * MOST_DIGITS
    assert bounded_json.read(digits) == int(digits)


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**38), 10**38) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=20,
)


@given(_JSON)
def test_every_other_document_is_read_as_python_reads_it(document: Any) -> None:
    assert bounded_json.read(json.dumps(document)) == document


@given(st.text(alphabet='{}[]",:0123456789.eE+-NaInfity \\') | st.binary(max_size=60))
def test_any_text_is_read_or_refused(text: str | bytes) -> None:
    with contextlib.suppress(NotJson):
        bounded_json.read(text)


def test_forms_and_xml_are_bounded_likewise() -> None:
    many = b"&".join(b"a%d=1" % number for number in range(1_001))
    assert notifications.stripped(many, None) == b""
    deep = b"<a>" * 30 + b"</a>" * 30
    assert notifications.stripped(deep, None) == b""
    wide = b"<n>" + b"".join(b"<a%d/>" % number for number in range(1_001)) + b"</n>"
    with pytest.raises(BadNotification):
        notifications.read_fields(wide, None)
