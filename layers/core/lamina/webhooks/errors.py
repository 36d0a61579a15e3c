"""Errors of webhooks."""

from lamina.errors import RuleViolated


class TooManyWebhooks(RuleViolated):
    """The user has reached the limit of webhooks."""

    code = "TOO_MANY_WEBHOOKS"
    message = "You have reached the limit of 20 webhooks. Delete one, or subscribe an existing one to more events."


class TooManyForEverybody(TooManyWebhooks):
    """The limit of webhooks with scope `all` is reached."""

    message = "The limit of 100 webhooks with scope all is reached. Delete one of them."


class WebhookDisabled(RuleViolated):
    """The webhook is disabled."""

    code = "WEBHOOK_DISABLED"
    message = 'This webhook is disabled. Enable it first: PATCH it with {"status": "enabled"}.'
