"""What can go wrong with webhooks."""

from lamina.errors import RuleViolated


class TooManyWebhooks(RuleViolated):
    """There are as many webhooks as there may be."""

    code = "TOO_MANY_WEBHOOKS"
    message = "You have 20 webhooks, which is the limit. Delete one, or let one of them have more events."


class TooManyForEverybody(TooManyWebhooks):
    """There are as many webhooks of scope `all` as there may be."""

    message = "There are 100 webhooks of scope all, which is the limit. Delete one of them."


class WebhookDisabled(RuleViolated):
    """The webhook is disabled."""

    code = "WEBHOOK_DISABLED"
    message = 'This webhook is disabled. Enable it first: PATCH it with {"status": "enabled"}.'
