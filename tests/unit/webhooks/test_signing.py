"""Signatures, as the Standard Webhooks package of receivers sees them."""

import base64
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st
from standardwebhooks.webhooks import Webhook, WebhookVerificationError

from lamina.webhooks import signing

BODY = b'{"type":"user.created"}'


@given(message_id=st.from_regex(r"[0-9a-f-]{1,40}", fullmatch=True), body=st.dictionaries(st.text(), st.text()))
def test_whatever_is_sent_the_receiver_takes_it_for_ours(message_id: str, body: dict[str, str]) -> None:
    import json

    secret, sent = signing.new_secret(), json.dumps(body, ensure_ascii=False).encode()
    headers = signing.headers(message_id, int(time.time()), sent, [secret])
    assert Webhook(secret).verify(sent, headers) == body


def test_during_a_rotation_the_receiver_may_hold_either_secret() -> None:
    new, old = signing.new_secret(), signing.new_secret()
    headers = signing.headers("id", int(time.time()), BODY, [new, old])
    for held in (new, old):
        Webhook(held).verify(BODY, headers)
    with pytest.raises(WebhookVerificationError):
        Webhook(signing.new_secret()).verify(BODY, headers)


@pytest.mark.parametrize("spoilt", ["webhook-id", "webhook-timestamp", "webhook-signature"])
def test_what_was_changed_on_the_way_is_refused(spoilt: str) -> None:
    secret = signing.new_secret()
    headers = signing.headers("id", int(time.time()), BODY, [secret])
    headers[spoilt] = headers[spoilt][:-2] + ("00" if not headers[spoilt].endswith("00") else "11")
    with pytest.raises(WebhookVerificationError):
        Webhook(secret).verify(BODY, headers)
    with pytest.raises(WebhookVerificationError):
        Webhook(secret).verify(BODY + b" ", signing.headers("id", int(time.time()), BODY, [secret]))


def test_what_is_old_is_refused() -> None:
    secret = signing.new_secret()
    with pytest.raises(WebhookVerificationError):
        Webhook(secret).verify(BODY, signing.headers("id", int(time.time()) - 3600, BODY, [secret]))


def test_secrets_are_256_random_bits_in_the_form_of_the_specification() -> None:
    made = {signing.new_secret() for _ in range(100)}
    assert len(made) == 100
    assert all(len(base64.b64decode(secret.removeprefix("whsec_"), validate=True)) == 32 for secret in made)


def test_the_signature_is_the_one_of_the_specification() -> None:
    # The example of the specification's own libraries.
    headers = signing.headers(
        "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, b'{"test": 2432232314}', ["whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"]
    )
    assert headers["webhook-signature"] == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
