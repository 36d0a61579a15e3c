"""What a user of the generated Python client does: sign in, refresh, page, fail, retry, and subscribe to events."""

import sys

from lamina_client import AuthenticatedClient, Client
from lamina_client.api.auth import login, refresh
from lamina_client.api.posts import create, list_
from lamina_client.api.users import get_me
from lamina_client.api.webhooks import create as create_webhook
from lamina_client.api.webhooks import send_test
from lamina_client.models.envelope_of_post_view import EnvelopeOfPostView
from lamina_client.models.envelope_of_secret_webhook_view import EnvelopeOfSecretWebhookView
from lamina_client.models.envelope_of_token_view import EnvelopeOfTokenView
from lamina_client.models.envelope_of_user_view_or_public_profile import EnvelopeOfUserViewOrPublicProfile
from lamina_client.models.list_envelope_of_post_hit_or_post_summary import ListEnvelopeOfPostHitOrPostSummary
from lamina_client.models.login import Login
from lamina_client.models.post_input import PostInput
from lamina_client.models.refresh import Refresh
from lamina_client.models.unauthenticated_or_second_factor_needed_envelope import (
    UnauthenticatedOrSecondFactorNeededEnvelope,
)
from lamina_client.models.webhook_input import WebhookInput

url, email, password, key, target = sys.argv[1:]
anyone = Client(base_url=url)

wrong = login.sync(client=anyone, body=Login(email=email, password="Wrong-horse-1"))
assert isinstance(wrong, UnauthenticatedOrSecondFactorNeededEnvelope), wrong
assert wrong.error.code == "UNAUTHENTICATED", wrong.error.code

signed_in = login.sync(client=anyone, body=Login(email=email, password=password))
assert isinstance(signed_in, EnvelopeOfTokenView), signed_in
renewed = refresh.sync(client=anyone, body=Refresh(refresh_token=signed_in.data.refresh_token))
assert isinstance(renewed, EnvelopeOfTokenView), renewed
client = AuthenticatedClient(base_url=url, token=renewed.data.access_token)
me = get_me.sync(client=client)
assert isinstance(me, EnvelopeOfUserViewOrPublicProfile), me
assert me.data.username == email.partition("@")[0]

first = list_.sync(client=client, limit=1)
assert isinstance(first, ListEnvelopeOfPostHitOrPostSummary), first
assert first.meta.next_cursor, first.meta
second = list_.sync(client=client, limit=1, cursor=first.meta.next_cursor)
assert isinstance(second, ListEnvelopeOfPostHitOrPostSummary), second
assert second.data[0].id != first.data[0].id

body = PostInput(title="By a typed client", content="Words")
made = [create.sync_detailed(client=client, body=body, idempotency_key=key) for _ in range(2)]
posts = [answer.parsed for answer in made]
assert all(isinstance(post, EnvelopeOfPostView) for post in posts), posts
assert len({post.data.id for post in posts if isinstance(post, EnvelopeOfPostView)}) == 1
assert made[1].headers["Idempotent-Replayed"] == "true"

webhook = create_webhook.sync(client=client, body=WebhookInput(url=target, events=["post.*"]))
assert isinstance(webhook, EnvelopeOfSecretWebhookView), webhook
send_test.sync_detailed(client=client, webhook_id=webhook.data.id)
print(webhook.data.secret)
