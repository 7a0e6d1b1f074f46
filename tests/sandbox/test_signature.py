"""Golden vectors: computed outside, or HiPay's own."""

import pytest

from sandbox import signature

PARAMETERS = {"orderid": "15424657", "currency": "EUR", "amount": "125.7", "custom_data": '{"testing":"1"}'}


def test_redirect_hash_is_hipays_own_vector() -> None:
    expected = "3cb7285da5a0342930f4a56774de7fa168ef42d9"
    assert signature.of_parameters(PARAMETERS, "SecretPassphrase", "SHA1") == expected
    assert signature.of_parameters({**PARAMETERS, "cid": ""}, "SecretPassphrase", "SHA1") == expected


@pytest.mark.parametrize(
    ("algorithm", "expected"),
    [
        ("SHA1", "d2720fda6b747295189314b9acd216c941811b7f"),
        ("SHA256", "019c38ee25d6105ea80a230d6fa8c3367922ecd15531531c5b81ec809b15726e"),
        (
            "SHA512",
            "439108b8ae4426fa7b470264f35e851e4668d6c87c67235eaabec638e2ed38c313b7aacd2671c384ead3029afd28e1ceee46f060d0bbc21117cc9a5da3abf06c",
        ),
    ],
)
def test_notification_signature(algorithm: signature.Algorithm, expected: str) -> None:
    # printf 'order[id]=A1sandbox-passphrase' | sha256sum
    assert signature.of_body(b"order[id]=A1", "sandbox-passphrase", algorithm) == expected
