"""Rules that hold for any findings at all: Slack's limits, no harm from outside, nothing lost."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

from hypothesis import HealthCheck, given, settings

from bot.billing.rules.verdicts import Finding, Loudness, Verdict
from bot.messages.check_messages import checking, failed, outcome, progress, receipt
from bot.messages.rendered import Rendered
from bot.words.verdicts import verdict_words

from .factory import TRUSTED, a_report, any_finding, any_findings, untrusted

many = settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))

OWN_LINK = re.compile(rf"<{re.escape(TRUSTED)}/[!-;=?-{{}}~]*\|[^<>|]+>")
OWN_DATE = re.compile(
    r"<!date\^(?!666\^)\d+\^\{date_short(_pretty)?\}( \{time\})?"
    r"\|([0-9: -]+ UTC|([A-Z][a-z]{2} )?\d+ [A-Z][a-z]{2}( \d{4})?)>"
)
OWN_ASKER = "<@U0ASKER>"


def all_messages(findings: list[Finding]) -> list[Rendered]:
    return [outcome(findings, "U0ASKER"), *receipt(findings, a_report(*findings, outage=findings[0].subject))]


def objects(node: Any) -> Iterator[dict[str, Any]]:
    """Every object inside the blocks."""
    if isinstance(node, dict):
        yield node
        for value in node.values():
            yield from objects(value)
    elif isinstance(node, list | tuple):
        for value in node:
            yield from objects(value)


def texts(message: Rendered, kind: str) -> list[str]:
    return [each["text"] for each in objects(message.blocks) if each.get("type") == kind]


def assert_within_limits(message: Rendered) -> None:
    assert 0 < len(message.text) <= 3_900
    assert len(message.blocks) <= 50
    assert len(json.dumps(message.blocks, ensure_ascii=False)) <= 12_000
    assert sum(block["type"] == "data_table" for block in message.blocks) <= 1
    for block in message.blocks:
        assert_block_within_limits(block)
    message.text.encode()


def assert_block_within_limits(block: dict[str, Any]) -> None:
    match block["type"]:
        case "section":
            assert 0 < len(block["text"]["text"]) <= 3_000
        case "header":
            assert 0 < len(block["text"]["text"]) <= 150
        case "context":
            assert 0 < len(block["elements"]) <= 10
        case "data_table":
            assert len(block["rows"]) <= 100
            assert all(len(row) == 5 for row in block["rows"])
            shown = [each["text"] for each in objects(block) if isinstance(each.get("text"), str)]
            assert all(shown)
            assert sum(map(len, shown)) <= 10_000
        case "actions":
            assert all(len(each["value"]) <= 2_000 for each in block["elements"])


def assert_harmless(message: Rendered) -> None:
    """Nothing is left that Slack would act on, once the bot's own links, dates and asker are taken out."""
    for text in [message.text, *texts(message, "mrkdwn")]:
        rest = OWN_DATE.sub("", OWN_LINK.sub("", text)).replace(OWN_ASKER, "")
        assert "<" not in rest, rest
        assert ">" not in rest, rest
        assert "://" not in rest, rest
        assert "evil.example" not in rest, rest
    assert "<" not in message.text
    assert "*" not in message.text
    for text in texts(message, "plain_text") + texts(message, "raw_text"):
        assert not re.search(r"<[!@#]|://|\*", text)
    for address in texts_of_links(message):
        assert address.startswith(TRUSTED)
    assert all(each["verbatim"] for each in objects(message.blocks) if each.get("type") == "mrkdwn")


def texts_of_links(message: Rendered) -> list[str]:
    return [each["url"] for each in objects(message.blocks) if "url" in each]


@many
@given(any_findings())
def test_every_message_stays_inside_slacks_limits(findings: list[Finding]) -> None:
    for message in all_messages(findings):
        assert_within_limits(message)
        assert_within_limits(message.as_text_only())


@many
@given(any_findings())
def test_nothing_from_outside_pings_links_or_formats(findings: list[Finding]) -> None:
    for message in all_messages(findings):
        assert_harmless(message)


@many
@given(any_findings())
def test_every_message_names_a_verdict_in_words(findings: list[Finding]) -> None:
    said = [verdict_words(finding.verdict) for finding in findings]
    labels = {word.lower() for each in said for word in (each.label, each.counted)}
    labels |= {"could not be verified", "not found"}
    for message in all_messages(findings):
        assert any(label in message.text.lower() for label in labels)


@many
@given(any_findings())
def test_no_ticket_is_lost_in_words_or_in_blocks(findings: list[Finding]) -> None:
    messages = receipt(findings, a_report(*findings))
    said = "\n".join(message.text for message in messages)
    shown = json.dumps([message.blocks for message in messages])
    for finding in findings:
        assert finding.ticket_number in said
        assert finding.ticket_number in shown


@many
@given(any_findings())
def test_the_parent_names_every_ticket_that_needs_attention(findings: list[Finding]) -> None:
    message = outcome(findings, None)
    for finding in findings:
        if finding.verdict.traits.loudness is not Loudness.QUIET:
            assert finding.ticket_number in message.text
            assert finding.ticket_number in json.dumps([b for b in message.blocks if b["type"] != "actions"])


@many
@given(any_findings())
def test_a_header_stands_only_above_a_ticket_that_is_not_invoiced(findings: list[Finding]) -> None:
    loud = any(finding.verdict is Verdict.NOT_INVOICED for finding in findings)
    message = outcome(findings, None)
    assert any(block["type"] == "header" for block in message.blocks) == loud
    assert message.text.startswith("Warning") == loud


@many
@given(any_finding)
def test_could_not_verify_comes_with_its_caution_once(finding: Finding) -> None:
    in_doubt = finding.verdict is Verdict.UNVERIFIED
    for some in ([finding], [finding, finding]):
        answer = [outcome(some, None), *receipt(some, a_report(*some))]
        said = sum(message.text.count("this is not a statement that the invoice is missing") for message in answer)
        assert said == in_doubt


@many
@given(any_finding)
def test_the_words_hold_every_line_of_the_sections(finding: Finding) -> None:
    """The first section is the headline, which has its own sentence; every other line is said as it stands."""
    for message in receipt([finding], a_report(finding)):
        for text in texts(message, "mrkdwn"):
            for shown in text.splitlines():
                bare = re.sub(r"<[^<>|]*\|([^<>]*)>", r"\1", shown).replace("*", "")
                assert bare in message.text or bare.startswith("Ticket #")


@many
@given(untrusted)
def test_messages_made_from_any_text_are_harmless(text: str) -> None:
    for message in (checking([text]), failed(["1", text], text), progress(1, 2, "reading tickets")):
        assert_within_limits(message)
        assert_harmless(message)
