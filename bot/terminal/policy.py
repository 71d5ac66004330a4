"""What `invoice-bot policy` shows: which rule applies to a ticket, and how many tickets each rule would settle."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable
from typing import Any

from rich.console import Console
from rich.text import Text

from bot.billing.rules.policy import contracts
from bot.billing.rules.verdicts import BY_POLICY, CheckReport, Finding
from bot.billing.verifier import Survey
from bot.counting import counted
from bot.ticket_references import as_people_say
from bot.words.plain import one_line
from bot.words.reasons import reason
from bot.words.verdicts import verdict_words

NO_CONTRACT = ""


def rules_object(report: CheckReport) -> dict[str, Any]:
    """Which rule applies to each ticket, for scripts."""
    return {"results": [_rule(finding) for finding in report.findings], "api_calls": report.api_calls}


def survey_object(survey: Survey) -> dict[str, Any]:
    """How many tickets each rule settles, and what the others have on them, for scripts."""
    settled = Counter(
        (said.rule, said.value, BY_POLICY[said.due]) for _, said in survey.expected if said.due in BY_POLICY
    )
    others = [ticket for ticket, said in survey.expected if said.due not in BY_POLICY]
    return {
        "tickets": len(survey.expected),
        "rules": [
            {"rule": rule, "value": value, "verdict": verdict.value, "tickets": count}
            for (rule, value, verdict), count in settled.most_common()
        ],
        "no_rule": {
            "tickets": len(others),
            "statuses": _most(ticket.status for ticket in others),
            "contracts": _most(next((said[0] for said in contracts(ticket)), NO_CONTRACT) for ticket in others),
            "products": _most(charge.name for ticket in others for charge in ticket.charges),
        },
        "unread": survey.unread,
        "api_calls": survey.api_calls,
    }


def as_json(said: dict[str, Any]) -> str:
    """The one JSON object that `--json` prints."""
    return json.dumps(said, ensure_ascii=False, indent=2)


def show_rules(console: Console, report: CheckReport) -> None:
    """Print which rule applies to each ticket."""
    for finding in report.findings:
        rule = _rule(finding)["rule"]
        number = one_line(as_people_say(finding.ticket_number))
        console.print(Text(f"{number}: {verdict_words(finding.verdict).inline}", style="bold"))
        console.print(Text(f"  {f'by the rule {rule}' if rule else 'by no rule'}. {one_line(reason(finding))}"))


def show_survey(console: Console, survey: Survey, days: int) -> None:
    """Print how many tickets each rule settles, and what the others have on them."""
    said = survey_object(survey)
    console.print(Text(f"{counted(said['tickets'], 'ticket')} of the last {days} days", style="bold"))
    for each in said["rules"]:
        value = f" ({one_line(each['value'])})" if each["value"] else ""
        console.print(Text(f"· {each['rule']}{value}: {counted(each['tickets'], 'ticket')}, {each['verdict']}"))
    others = said["no_rule"]
    console.print(Text(f"· no rule, so an invoice is expected: {counted(others['tickets'], 'ticket')}"))
    for name in ("statuses", "contracts", "products"):
        if others[name]:
            listed = ", ".join(f"{one_line(value)} {count:,}" for value, count in others[name].items())
            console.print(Text(f"    {name}: {listed}"))
    if survey.unread:
        console.print(Text(f"· could not be read: {counted(survey.unread, 'ticket')}"))


def _rule(finding: Finding) -> dict[str, Any]:
    return {
        "ticket_number": finding.ticket_number,
        "verdict": finding.verdict.value,
        "rule": finding.rule,
        "reason": reason(finding),
    }


def _most(values: Iterable[str], most: int = 10) -> dict[str, int]:
    return dict(Counter(filter(None, values)).most_common(most))
