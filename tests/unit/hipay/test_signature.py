"""HiPay's signatures and ours: golden vectors, and every way not to be fooled."""

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.hipay import signature
from services.hipay.errors import FieldInvalid
from tests.support.merchant_site import verify_signed_parameters
from tests.unit.hipay import bodies

SECRET = "SecretPassphrase"
# Computed with coreutils: printf '%s%s' "$body" SecretPassphrase | sha256sum (sha1sum, sha512sum).
REFUNDED_DIGESTS = {
    "sha1": "0a03f8f0c6c32adb784ce2077b53e841feff4204",
    "sha256": "b6e07b407254968aeb92eee25fa2679b376474c918870b4b279bf2c21c85f9d1",
    "sha512": "45432429610efa0139671a5b2525be0214a33617478d4462f653e7db080d67c34859f5b3bf475cabf3c3e00c7d82ad8872d42ccf889c9f3005c538a5456f9e6b",
}
# The vector of HiPay's own documentation.
REDIRECT = {"orderid": "15424657", "amount": "125.7", "currency": "EUR", "custom_data": '{"testing":"1"}'}
REDIRECT_SHA1 = "3cb7285da5a0342930f4a56774de7fa168ef42d9"
OWN = {
    "et_amount": "12.50", "et_currency": "EUR", "et_first_name": "Zoé", "et_last_name": "D'Arc & Fils",
    "et_order_id": "A-1",
}  # fmt: skip
# printf '%s\n%s\n…%s' the five lines | openssl dgst -sha256 -hmac SecretPassphrase
OWN_SIGNATURE = "061b517d8af505f74a879f322db0e125dc82c1f9655dbe1ddc6475ca29b15fbd"


@pytest.mark.parametrize("algorithm", ["sha1", "sha256", "sha512"])
def test_a_real_body_verifies_with_the_accounts_algorithm_only(algorithm: str) -> None:
    digest = REFUNDED_DIGESTS[algorithm]
    for tried in ("sha1", "sha256", "sha512"):
        verified = signature.verify_notification(bodies.PARTIALLY_REFUNDED, digest, [SECRET], tried)
        assert verified is (tried == algorithm)


def test_hipays_own_spelling_of_an_algorithm_is_known() -> None:
    assert signature.algorithm_name("SHA256") == "sha256"
    assert signature.algorithm_name("SHA-512") == "sha512"
    assert signature.algorithm_name("md5") is None
    assert signature.algorithm_name("") is None


def test_a_former_passphrase_verifies_during_a_rotation() -> None:
    digest = REFUNDED_DIGESTS["sha256"]
    assert signature.verify_notification(bodies.PARTIALLY_REFUNDED, digest, ["new", SECRET], "sha256")
    assert not signature.verify_notification(bodies.PARTIALLY_REFUNDED, digest, ["new"], "sha256")


@pytest.mark.parametrize(
    "header", [None, "", " ", "é" * 64, "\ud800", "0" * 64, "sha256=" + REFUNDED_DIGESTS["sha256"]]
)
def test_an_unusable_header_is_false(header: str | None) -> None:
    assert signature.verify_notification(bodies.PARTIALLY_REFUNDED, header, [SECRET], "sha256") is False


def test_a_changed_or_re_encoded_body_is_refused() -> None:
    digest = REFUNDED_DIGESTS["sha256"]
    for body in (
        bodies.PARTIALLY_REFUNDED + b"\n",
        bodies.PARTIALLY_REFUNDED.replace(b"5.00", b"6.00"),
        bodies.PARTIALLY_REFUNDED.replace(b"%5B", b"["),
    ):
        assert not signature.verify_notification(body, digest, [SECRET], "sha256")


def test_an_empty_secret_verifies_nothing() -> None:
    digest = hashlib.sha256(bodies.CAPTURED).hexdigest()
    assert not signature.verify_notification(bodies.CAPTURED, digest, ["", ""], "sha256")
    assert not signature.verify_notification(bodies.CAPTURED, digest, [], "sha256")


@given(
    raw=st.binary(max_size=200),
    header=st.none() | st.text(),
    secrets=st.lists(st.text()),
    algorithm=st.text(),
)
def test_no_input_raises_or_passes_by_chance(
    raw: bytes, header: str | None, secrets: list[str], algorithm: str
) -> None:
    assert signature.verify_notification(raw, header, secrets, algorithm) is False
    assert signature.verify_notification(raw, header, secrets, "sha256") is False


@given(raw=st.binary(max_size=200), secret=st.text(st.characters(codec="utf-8"), min_size=1))
def test_what_was_signed_over_the_raw_bytes_verifies(raw: bytes, secret: str) -> None:
    digest = hashlib.sha512(raw + secret.encode()).hexdigest()
    assert signature.verify_notification(raw, digest, [secret], "sha512")


def test_the_documented_redirect_hash() -> None:
    assert signature.redirect_hash(REDIRECT, SECRET, "sha1") == REDIRECT_SHA1
    assert signature.redirect_hash({**REDIRECT, "cid": "", "hash": "x"}, SECRET, "SHA1") == REDIRECT_SHA1
    with pytest.raises(ValueError, match="algorithms"):
        signature.redirect_hash(REDIRECT, SECRET, "md5")


def test_a_return_page_verifies_without_our_own_parameters() -> None:
    query = [*REDIRECT.items(), ("hash", REDIRECT_SHA1), ("et_order_id", "A-1")]
    assert signature.verify_redirect(query, {"et_order_id"}, ["new", SECRET], "sha1")
    assert not signature.verify_redirect(query, set(), [SECRET], "sha1")
    assert not signature.verify_redirect(query, {"et_order_id"}, ["new"], "sha1")
    assert not signature.verify_redirect(query, {"et_order_id"}, [SECRET], "sha256")


@pytest.mark.parametrize(
    "query",
    [
        [],
        list(REDIRECT.items()),
        [*REDIRECT.items(), ("hash", "")],
        [*REDIRECT.items(), ("hash", "é")],
        [*REDIRECT.items(), ("hash", REDIRECT_SHA1), ("amount", "1")],
        [*REDIRECT.items(), ("hash", REDIRECT_SHA1), ("hash", REDIRECT_SHA1)],
        [*REDIRECT.items(), ("hash", REDIRECT_SHA1), ("extra", "1")],
        [("orderid", "15424657"), ("hash", REDIRECT_SHA1)],
    ],
)
def test_a_changed_return_page_is_refused(query: list[tuple[str, str]]) -> None:
    assert not signature.verify_redirect(query, set(), [SECRET, ""], "sha1")


@given(pairs=st.lists(st.tuples(st.text(), st.text())), secrets=st.lists(st.text()))
def test_no_query_raises(pairs: list[tuple[str, str]], secrets: list[str]) -> None:
    assert signature.verify_redirect([*pairs, ("hash", "00")], set(), secrets, "sha256") is False
    assert verify_signed_parameters([*pairs, ("et_signature", "00")], secrets) is False


def _own() -> dict[str, str]:
    return signature.signed_parameters(
        first_name="Zoé",
        last_name="D'Arc & Fils",
        amount="12.50",
        currency="EUR",
        order_id="A-1",
        secret=SECRET,
    )


def test_our_own_parameters_have_the_documented_signature() -> None:
    assert _own() == OWN | {"et_signature": OWN_SIGNATURE}


def test_a_merchant_verifies_our_parameters_among_hipays() -> None:
    query = [("orderid", "A-1"), *_own().items(), ("hash", "00")]
    assert verify_signed_parameters(query, ["new", SECRET])
    assert not verify_signed_parameters(query, ["new", ""])


@pytest.mark.parametrize("name", list(OWN))
def test_a_changed_missing_doubled_or_added_parameter_is_refused(name: str) -> None:
    signed = _own()
    assert not verify_signed_parameters((signed | {name: signed[name] + "0"}).items(), [SECRET])
    assert not verify_signed_parameters([p for p in signed.items() if p[0] != name], [SECRET])
    assert not verify_signed_parameters([*signed.items(), (name, signed[name])], [SECRET])
    assert not verify_signed_parameters([*signed.items(), ("et_more", "1")], [SECRET])


def test_a_line_feed_cannot_move_a_value_into_another_line() -> None:
    moved = OWN | {"et_amount": "12.50\net_currency=EUR", "et_signature": OWN_SIGNATURE}
    assert not verify_signed_parameters(moved.items(), [SECRET])
    with pytest.raises(FieldInvalid) as refused:
        signature.signed_parameters(
            first_name="A\nB", last_name="", amount="1", currency="EUR", order_id="A", secret=SECRET
        )
    assert refused.value.field == "et_first_name"
