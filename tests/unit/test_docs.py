"""The documents agree with the code: lists are complete, numbers are those of the code, and named files exist."""

import ast
import json
import pkgutil
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from docs.build.openapi import document
from lamina.events import consumer, outbox, redelivery
from lamina.http import idempotency
from lamina.identity import items
from lamina.identity.credentials import api_keys, second_factor
from lamina.identity.tokens import signing_keys
from lamina.identity.tokens.one_time_tokens import LIFE_SECONDS, Purpose
from lamina.jobs import model as jobs
from lamina.jobs import results
from lamina.mail.compose import MAILS
from lamina.reports import service as reports
from lamina.webhooks import egress, endpoint_queue, retries, secret_keeping
from lamina.webhooks.items import DELIVERY_KEPT_SECONDS
from lamina.webhooks.model import DISABLED_AFTER_DAYS, REASONS, DisabledReason
from lamina.webhooks.schemas import WebhookView
from tests.support.templates import template

ROOT = Path(__file__).resolve().parents[2]
DECISIONS = ROOT / "docs" / "decisions"
SKELETON = ROOT / "scaffold" / "resource"
"""What `make resource` copies: the tutorial names its files as those of books."""
WORDS = ["no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten"]
DAY, HOUR, MINUTE = 24 * 3600, 3600, 60


def text_of(page: str) -> str:
    """Return a page with every run of white space as one space."""
    return " ".join((ROOT / page).read_text(encoding="utf-8").split())


def word(number: float | str) -> str:
    """Return a number as a word."""
    return WORDS[int(number)]


def parameter(name: str, stack: str = "template.yaml") -> str:
    """Return the default of a parameter of a template."""
    return str(template(ROOT / stack)["Parameters"][name]["Default"])


def test_the_index_of_decisions_names_each_once_and_no_other() -> None:
    linked = re.findall(r"\]\(([\w-]+\.md)\)", text_of("docs/decisions/README.md"))
    assert sorted(linked) == sorted({path.name for path in DECISIONS.glob("*.md")} - {"README.md"})


@pytest.mark.parametrize("page", sorted(DECISIONS.glob("[a-z]*.md")), ids=lambda page: page.stem)
def test_a_decision_states_its_context_choice_and_cost(page: Path) -> None:
    if page.stem != "dependencies":  # A list of packages, with a reason for each.
        text = page.read_text(encoding="utf-8")
        assert [part for part in ("Context", "Choice", "Cost") if f"\n**{part}.** " not in text] == []


def test_the_readme_links_the_index_of_decisions_and_the_glossary() -> None:
    linked = set(re.findall(r"\]\(([\w/-]+\.md)\)", text_of("README.md")))
    assert {"docs/decisions/README.md", "docs/glossary.md"} <= linked


PAGES = [*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_link_of_a_page_leads_somewhere(page: Path) -> None:
    targets = re.findall(r"\]\(([^)\s]+)\)", page.read_text(encoding="utf-8"))
    local = [target.partition("#") for target in targets if "://" not in target]
    assert [path for path, _, _ in local if not (page.parent / path).exists()] == []
    assert [f"{path}#{anchor}" for path, _, anchor in local if anchor and anchor not in anchors(page, path)] == []


def prose(page: Path) -> str:
    """Return the text of a page without its code."""
    text = re.sub(r"^ *```.*?^ *```", "", page.read_text(encoding="utf-8"), flags=re.MULTILINE | re.DOTALL)
    return re.sub(r"`[^`]*`", "", text)


DIALECT = re.compile(
    r"\b(whoever|whomever|anew|(?:is|are|be) told|is said|tells? of|mend(?:s|ed)?|as one likes|of nobody|lanes?"
    r"|proven)\b",
    re.IGNORECASE,
)
"""Words of the private dialect that the documents used before; the glossary defines today's terms."""


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_a_page_is_written_in_plain_technical_english(page: Path) -> None:
    assert DIALECT.findall(prose(page)) == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_file_and_module_that_a_page_names_exists(page: Path) -> None:
    code = re.findall(r"`([^`\n]+)`", page.read_text(encoding="utf-8"))
    files = {name for name in code if re.fullmatch(r"[\w-]+(/[\w.-]+)+\.(py|md|yaml|json|toml|txt|svg)", name)}
    bases = (ROOT, ROOT / "layers" / "core", ROOT / "tests", page.parent)
    generated = {name for name in files if (SKELETON / name.replace("books", "things")).exists()}
    assert [name for name in files - generated if not any((base / name).exists() for base in bases)] == []
    assert [name for name in code if re.fullmatch(r"lamina(\.\w+)+", name) and not importable(name)] == []


def importable(name: str) -> bool:
    """Return whether a dotted name is a module or an attribute of one."""
    try:
        pkgutil.resolve_name(name)
    except (ImportError, AttributeError):
        return False
    return True


def anchors(page: Path, target: str) -> set[str]:
    """Return the anchors that GitHub generates for the headings of a page."""
    text = (page.parent / target if target else page).read_text(encoding="utf-8")
    headings = re.findall(r"^#+ (.+)$", text, re.MULTILINE)
    return {re.sub(r"[^\w -]", "", heading).lower().replace(" ", "-") for heading in headings}


def required(*sources: str) -> set[str]:
    """Return the packages that these files require."""
    lines = [line for source in sources for line in (ROOT / source).read_text(encoding="utf-8").splitlines()]
    return {re.split(r"[\[<>=! ]", line)[0] for line in lines if line and not line.startswith(("-r", "#"))}


def described(heading: str) -> set[str]:
    """Return the packages in a table of the page on dependencies."""
    _, _, chapter = (DECISIONS / "dependencies.md").read_text(encoding="utf-8").partition(f"\n## {heading}\n")
    rows = re.findall(r"^\| (.+?) \|", chapter.partition("\n## ")[0], re.MULTILINE)
    return {name.strip() for row in rows[2:] for name in row.split(",")}


def test_every_package_that_lambda_runs_has_its_reason() -> None:
    sources = [str(path.relative_to(ROOT)) for path in ROOT.glob("layers/runtime/*.in")]
    assert described("What Lambda runs") == required(*sources)


def test_every_package_that_developers_run_has_its_reason() -> None:
    assert described("What only developers run") == required("requirements/dev.in", "requirements/bootstrap.in")


def test_every_tool_with_an_environment_of_its_own_has_its_reason() -> None:
    assert described("What has an environment of its own") == required(
        "requirements/site.in", "requirements/clients.in", "requirements/load.in"
    )


@pytest.mark.parametrize(
    ("heading", "folder"),
    [
        ("What tests take from npm", "."),
        ("What the GraphQL page takes from npm", "layers/runtime/graphiql"),
        ("What the documentation page takes from npm", "layers/runtime/scalar"),
        ("What clients and the documentation site take from npm", "clients"),
    ],
)
def test_every_npm_package_has_its_reason(heading: str, folder: str) -> None:
    listed = json.loads((ROOT / folder / "package.json").read_bytes())
    assert described(heading) == {
        name for kind in ("dependencies", "devDependencies", "optionalDependencies") for name in listed.get(kind, {})
    }


def test_every_lock_is_in_the_table_of_locks() -> None:
    page = text_of("docs/decisions/dependencies.md")
    locks = [*ROOT.glob("requirements/*.txt"), *ROOT.glob("layers/runtime/*.txt")]
    assert [lock for lock in locks if f"`{lock.relative_to(ROOT)}`" not in page] == []


def test_every_event_that_a_mail_follows_is_in_the_table_of_mails() -> None:
    _, _, chapter = (ROOT / "docs" / "consumers.md").read_text(encoding="utf-8").partition("\n## Mail\n")
    rows = re.findall(r"^\| (`[a-z_.`, ]+`) \|", chapter, re.MULTILINE)
    assert sorted(name.strip("` ") for row in rows for name in row.split(",")) == sorted(MAILS)


def test_the_description_of_the_api_names_what_exists() -> None:
    made = document()
    about = made["info"]["description"]
    for method, path in re.findall(r"`(GET|POST|PUT|PATCH|DELETE) (/[^`]+)`", about):
        assert method.lower() in made["paths"][path], (method, path)
    headers = set(re.findall(r"`([A-Z][a-z]+(?:-[A-Z]?[a-z]+)+|ETag|Vary)`", about))
    sent = json.dumps(made["components"]) + text_of("layers/core/lamina/http/headers.py")
    assert [header for header in headers if header.lower() not in sent.lower()] == []


def test_the_description_of_the_api_promises_no_subject_that_has_no_endpoint() -> None:
    made = document()
    subjects = made["info"]["description"].partition(" over HTTP")[0].lower().replace(" and ", ", ").split(", ")
    served = {path.split("/")[2].replace("-", " ") for path in made["paths"] if path.startswith("/v1/")}
    renamed = {"accounts": "auth", "oauth 2.0 clients": "oauth clients"}
    assert {renamed.get(subject, subject) for subject in subjects} == served


def kinds() -> Iterator[str]:
    """Yield the kinds of keys that the code composes."""
    for path in ROOT.glob("layers/core/lamina/**/*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and ast.unparse(node.func) == "key" and node.args:
                kind = node.args[0]
                if isinstance(kind, ast.Constant):
                    yield str(kind.value)


def test_no_kind_of_a_key_holds_a_separator() -> None:
    found = set(kinds())
    assert len(found) > 10
    assert not any("#" in kind for kind in found)


def test_why_a_webhook_is_disabled_is_said_alike_everywhere() -> None:
    told = str(WebhookView.model_json_schema()["properties"]["disabled_reason"]["description"])
    assert all(reason in told for reason in REASONS.values())
    event = json.loads((ROOT / "docs" / "events" / "webhook.disabled.v1.json").read_bytes())
    assert not re.search(r"(\d|two|three|four|five) days", json.dumps(event)), "what is counted in days may change"
    assert endpoint_queue.GIVEN_UP_SECONDS == retries.GIVEN_UP_SECONDS == DISABLED_AFTER_DAYS * DAY
    assert REASONS.keys() == set(DisabledReason)


HALF_AN_HOUR, ONE_DAY = LIFE_SECONDS[Purpose.RESET_PASSWORD] == 1800, LIFE_SECONDS[Purpose.VERIFY_EMAIL] == DAY
TEMPLATES = "layers/core/lamina/mail/templates"
SAID = [
    ("docs/consumers.md", f"remembered by the event's id for {consumer.REMEMBERED_SECONDS // DAY} days"),
    ("docs/consumers.md", f"{redelivery.LONGEST_SECONDS // MINUTE} minutes at most"),
    (
        "docs/consumers.md",
        f"after {word(parameter('MaxReceiveCount', 'stacks/queue.yaml'))} tries it is put",
    ),
    ("docs/conventions.md", f"Successes are kept for {idempotency.KEPT_SECONDS // HOUR} hours"),
    ("docs/events.md", f"once for each id, for {consumer.REMEMBERED_SECONDS // DAY} days"),
    ("docs/events.md", f"replayed from the outbox for {outbox.KEPT_SECONDS // DAY} days"),
    ("docs/identity.md", f"| access token | {signing_keys.ACCESS_SECONDS // MINUTE} minutes |"),
    ("docs/identity.md", f"| refresh token | {items.REFRESH_SECONDS // DAY} days"),
    ("docs/identity.md", f"| `mfa_token` | {LIFE_SECONDS[Purpose.SECOND_FACTOR] // MINUTE} minutes"),
    ("docs/identity.md", f"its {second_factor.STEP_SECONDS} seconds"),
    ("docs/identity.md", f"| token in a verification mail | {LIFE_SECONDS[Purpose.VERIFY_EMAIL] // HOUR} hours"),
    ("docs/identity.md", f"| token in a reset mail | {LIFE_SECONDS[Purpose.RESET_PASSWORD] // MINUTE} minutes"),
    ("docs/identity.md", f"is exact to {word(api_keys.USE_NOTED_SECONDS // MINUTE)} minutes"),
    ("docs/identity.md", f"cache time ({parameter('AuthorizerCacheSeconds')} seconds"),
    ("docs/jobs.md", f"{results.LINK_SECONDS // MINUTE} minutes. The file is kept"),
    ("docs/jobs.md", f"A job is kept for {jobs.KEPT_SECONDS // DAY} days"),
    ("docs/jobs.md", f"A report may take {reports.LIMIT_SECONDS // MINUTE} minutes"),
    ("docs/schedules.md", f"in {parameter('UnverifiedDays')} days (`UnverifiedDays`)"),
    ("docs/schedules.md", f"deleted {parameter('PurgeAfterDays')} days ago (`PurgeAfterDays`)"),
    ("docs/webhooks.md", f"within {word(egress.SECONDS)} seconds"),
    ("docs/webhooks.md", f"for {word(sum(retries.SCHEDULE) // DAY)} days, each time up to a tenth later"),
    ("docs/webhooks.md", f"capped at {retries.LONGEST_ASKED_SECONDS // HOUR} hours"),
    ("docs/webhooks.md", f"after {DISABLED_AFTER_DAYS} days the delivery is `failed`"),
    ("docs/webhooks.md", f"without a successful delivery for {DISABLED_AFTER_DAYS} days is disabled"),
    ("docs/webhooks.md", f"fails {word(endpoint_queue.OPENS_AFTER)} times in a row"),
    ("docs/webhooks.md", f"at most {word(len(endpoint_queue.SLOTS))} requests at a time"),
    ("docs/webhooks.md", f"at once, for {DELIVERY_KEPT_SECONDS // DAY} days"),
    ("docs/webhooks.md", f"For {secret_keeping.OVERLAP_SECONDS // HOUR} hours, requests carry two signatures"),
    (
        "docs/decisions/webhook-egress.md",
        f"{egress.READ_BYTES // 1024} KB are read and {egress.KEPT_BYTES // 1024} KB kept",
    ),
    ("docs/decisions/webhook-egress.md", f"tried in turn, {word(egress.ADDRESSES_TRIED)} at most"),
    (
        "docs/build/openapi/about.md",
        f"returns an access token that is valid for {signing_keys.ACCESS_SECONDS // MINUTE} minutes",
    ),
    ("docs/build/openapi/about.md", f"For {idempotency.KEPT_SECONDS // HOUR} hours, a repeated request"),
    (f"{TEMPLATES}/reset.txt", "half an hour" if HALF_AN_HOUR else "?"),
    (f"{TEMPLATES}/reset.html", "half an hour" if HALF_AN_HOUR else "?"),
    (f"{TEMPLATES}/verification.txt", "one day" if ONE_DAY else "?"),
    (f"{TEMPLATES}/verification.html", "one day" if ONE_DAY else "?"),
]
"""Sentences of pages and mails with numbers of the code."""


@pytest.mark.parametrize(("page", "said"), SAID, ids=lambda part: str(part).rpartition("/")[2])
def test_numbers_that_people_read_are_those_of_the_code(page: str, said: str) -> None:
    assert said in text_of(page)
