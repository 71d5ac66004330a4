"""The digest for machines, for spreadsheets, in groups and in parts."""

from __future__ import annotations

import csv
import io
import json
from decimal import Decimal

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from bot.billing.rules.verdicts import Verdict
from bot.digest.as_json import digest_as_json, digest_object
from bot.digest.csv import COLUMNS, digest_csv, spreadsheet_safe
from bot.digest.groups import NO_CUSTOMER, NOBODY, by_customer, by_technician, part_of
from bot.digest.headline import headline
from bot.digest.model import Digest
from bot.words.finding_json import finding_as_json

from .factory import a_digest, any_digest, audited, history, mark, second_run, snooze, standing, the_incident

CONTRACT = {
    "date", "headline", "at_risk", "counts", "not_invoiced", "unverified", "scheduled", "partially_invoiced",
    "new", "still_open", "resolved", "contradictions", "api_calls", "seconds",
}  # fmt: skip
COUNTS = [
    "checked", "invoiced", "partially_invoiced", "scheduled", "non_billable",
    "covered", "open",
    "nothing_recorded", "not_invoiced", "unverified",
]  # fmt: skip


def table_of(digest: Digest) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(digest_csv(digest))))


# JSON


def test_the_json_is_the_contract() -> None:
    said = digest_object(second_run())
    assert said.keys() >= CONTRACT
    assert list(said["counts"]) == COUNTS
    assert said["date"] == "2026-11-23"
    assert said["at_risk"] == "1070.00"
    assert said["resolved"] == [{"ticket_number": "32229", "invoice_number": "67501"}]
    assert (said["new"], said["still_open"], said["contradictions"]) == (["32233"], ["32231", "32232"], ["32231"])
    assert said["not_invoiced"] == [finding_as_json(line.finding) for line in second_run().unbilled]
    assert json.loads(digest_as_json(second_run())) == said


def test_the_json_of_the_incident_accuses_nobody() -> None:
    said = digest_object(the_incident())
    assert said["headline"] == "29 of 31 invoiced, 2 non-billable, nothing unbilled"
    assert list(said["counts"].values()) == [31, 29, 0, 0, 2, 0, 0, 0, 0, 0]
    assert (said["not_invoiced"], said["at_risk"]) == ([], "0.00")


def test_a_warning_that_no_invoice_ended_names_none() -> None:
    said = digest_object(a_digest(audited(Verdict.OPEN, "1"), remembered=history(standing("1"))))
    assert said["resolved"] == [{"ticket_number": "1", "invoice_number": None}]


def test_snoozed_and_marked_tickets_are_counted_as_found_and_named_apart() -> None:
    aside = history(snoozes=(snooze("1"),), marks=(mark("2"),))
    said = digest_object(a_digest(*[audited(number=str(n)) for n in (1, 2, 3)], remembered=aside))
    assert said["counts"]["not_invoiced"] == 3
    assert [each["ticket_number"] for each in said["not_invoiced"]] == ["3"]
    assert (said["snoozed"], said["marked"], said["at_risk"]) == (["1"], ["2"], "180.00")


# CSV


@pytest.mark.parametrize(
    ("text", "cell"),
    [
        ("=HYPERLINK(1)", "'=HYPERLINK(1)"),
        ("+1", "'+1"),
        ("-1", "'-1"),
        ("@SUM(A1)", "'@SUM(A1)"),
        ("\t=1", "'=1"),
        ("\r=1", "'=1"),
        ("  =1", "'=1"),
        ("\u200b=1", "'=1"),
        ("\uff1d1", "'\uff1d1"),
        ("\tharmless", "'harmless"),
        ("two\r\nlines", "two lines"),
        ("a-b = c", "a-b = c"),
        ("", ""),
        ("\n", ""),
    ],
)
def test_a_cell_that_would_run_is_shown_and_not_run(text: str, cell: str) -> None:
    assert spreadsheet_safe(text) == cell


def test_a_subject_cannot_break_out_of_its_cell() -> None:
    nasty = "\",\"=cmd|' /C calc'!A0\n=1"
    rows = table_of(a_digest(audited(subject=nasty, customer="=1+1")))
    assert len(rows) == 1
    assert rows[0]["subject"] == "\",\"=cmd|' /C calc'!A0 =1"
    assert rows[0]["customer"] == "'=1+1"


@given(st.text("=+-@;\"', \t\r\nA\uff1d", max_size=12), st.sampled_from(",;\t"))
@example(';"=1+1', ";")
def test_nothing_runs_whatever_a_spreadsheet_takes_for_the_separator(subject: str, separator: str) -> None:
    written = digest_csv(a_digest(audited(subject=f"a{subject}", customer=subject)))
    cells = [cell for row in csv.reader(io.StringIO(written), delimiter=separator) for cell in row]
    assert not [cell for cell in cells if cell.lstrip()[:1] in set("=+-@\uff1d")]


def test_the_csv_holds_every_section_with_its_reasons() -> None:
    aside = history(standing("9"), standing("4"), snoozes=(snooze("1"),), marks=(mark("2"),))
    digest = a_digest(
        *[audited(number=str(n)) for n in (1, 2, 3)],
        audited(Verdict.INVOICED, "4"),
        audited(Verdict.UNVERIFIED, "5"),
        audited(Verdict.SCHEDULED, "6", minutes=30),
        audited(Verdict.PARTIALLY_INVOICED, "7"),
        remembered=aside,
    )
    rows = table_of(digest)
    assert [(row["section"], row["ticket_number"]) for row in rows] == [
        ("unbilled", "3"),
        ("could not verify", "5"),
        ("partly invoiced", "7"),
        ("scheduled", "6"),
        ("time not yet charged", "6"),
        ("snoozed", "1"),
        ("marked as non-billable", "2"),
        ("resolved", "4"),
        ("not checked", "9"),
        ("accounted for", "4"),
    ]
    assert rows[0]["change"] == "new"
    assert "answered 500" in rows[1]["could_not_read"]
    assert (rows[3]["next_run"], rows[3]["recurring_invoice"]) == ("2026-12-01", "Monthly care (dated)")
    assert "customer pays on delivery" in rows[5]["note"]
    assert "goodwill" in rows[6]["note"]
    assert (rows[7]["change"], rows[7]["invoices"]) == ("recovered", "67469")


@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
@given(any_digest())
def test_no_cell_of_any_digest_runs_and_no_ticket_is_missing(digest: Digest) -> None:
    text = digest_csv(digest)
    text.encode()
    rows = list(csv.reader(io.StringIO(text)))
    assert all(len(row) == len(COLUMNS) for row in rows)
    assert not [cell for row in rows for cell in row if cell and cell[0] in "=+-@\t\r\n"]
    assert not [cell for row in rows for cell in row if "\n" in cell or "\r" in cell]
    assert len({row[1] for row in rows[1:]}) >= digest.checked


# Groups and parts


def test_customers_and_technicians_come_with_the_largest_amount_first() -> None:
    digest = a_digest(
        audited(number="1", charges="10.00", technician=" "),
        audited(number="2", charges="20.00", customer="Harbor", customer_id="2"),
        audited(number="3", charges="15.00", technician="Ben"),
        audited(number="4", charges="0.00", customer="", customer_id=None),
    )
    customers = [(group.name, len(group.lines), group.amount) for group in by_customer(digest.unbilled)]
    assert customers == [("Kittle", 2, Decimal(25)), ("Harbor", 1, Decimal(20)), (NO_CUSTOMER, 1, Decimal(0))]
    technicians = [(group.name, group.amount) for group in by_technician(digest.unbilled)]
    assert technicians == [("Anna Smith", Decimal(20)), ("Ben", Decimal(15)), (NOBODY, Decimal(10))]


def test_two_customers_of_one_name_stay_two() -> None:
    digest = a_digest(audited(number="1", customer_id="1"), audited(number="2", customer_id="2"))
    assert len(by_customer(digest.unbilled)) == 2


def test_a_part_counts_only_its_own_tickets() -> None:
    part = part_of(second_run(), lambda finding: finding.customer_id == "502")
    assert headline(part) == "1 ticket unbilled, 300.00 at risk"
    assert (part.checked, part.resolved, part.trend, part.previous) == (1, (), (), None)
    assert part.counts[Verdict.NOT_INVOICED] == 1


def test_a_part_names_its_own_recovered_tickets() -> None:
    part = part_of(second_run(), lambda finding: finding.customer_id == "501")
    assert [each.standing.ticket_number for each in part.resolved] == ["32229"]
    assert headline(part) == "2 tickets unbilled, 770.00 at risk (180.00 of it an estimate), 1 could not be verified"
