"""A handful of the drill's kills: its bounds hold, and it can tell when they do not."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from bot.sandbox.slack.socket import COMMANDS, Delivery
from bot.sandbox.slack.workspace import BOT
from tests.drill.account import Figures, account
from tests.drill.questions import Pool, Question, pool
from tests.drill.run import Plan, drill
from tests.e2e.house import House, open_house
from tests.standins.slack_faults import ApiCall


def test_a_few_kills_among_faults_lose_nothing_and_say_nothing_false(tmp_path: Path) -> None:
    figures = drill(Plan(kills=3, seed=3, pace=0.3, long_seconds=()), tmp_path)

    assert figures.broken(can_look_back=False) == [], figures.examples
    assert figures.kills == 3
    assert figures.accepted == figures.answered + figures.told_otherwise > 3
    assert figures.tracebacks == 0


@pytest.fixture
def scene(tmp_path: Path) -> tuple[House, Pool, Question]:
    """A question that was accepted, of a ticket that was billed at 1000 s."""
    made = pool()
    with open_house(tmp_path, made=made.sample) as house:
        ticket = made.tickets[1].number
        made.billed_at[ticket] = 1000.0
        asked = Question(ticket, house.channel(), "U0ASK", "D0ASK", Delivery(COMMANDS, {}, ack_payload={}))
        return house, made, asked


def counted(scene: tuple[House, Pool, Question], *said: tuple[str, float]) -> Figures:
    house, made, asked = scene
    parent = None
    for text, at in said:
        message = house.slack.workspace.post(asked.channel, BOT, text, thread_ts=parent)
        parent = parent or message.ts
        house.slack.calls.append(ApiCall("chat.postMessage", {"channel": asked.channel, "text": text}, at, ok=True))
    figures = Figures()
    account(figures, house, made, [asked])
    return figures


ACCUSED, BILLED = "Ticket #40002: NOT INVOICED, on no invoice", "Ticket #40002: invoiced on invoice 61122"
EVIDENCE = "Where I looked: 4 calls to Syncro in 0.1 s"


@pytest.mark.parametrize(
    ("said", "broken"),
    [
        ([(BILLED, 1001.0), (EVIDENCE, 1001.1)], []),
        ([(ACCUSED, 1059.0), (EVIDENCE, 1059.1)], []),
        ([(ACCUSED, 1063.0)], ["verdicts older than 60 s: 1"]),
        ([(BILLED, 999.0)], ["false verdicts: 1"]),
        ([("Ticket #40002 · checking…", 1001.0)], ["questions lost: 1", 'messages left at "checking…": 1']),
        ([(BILLED, 1001.0), (EVIDENCE, 1001.1), (EVIDENCE, 1002.1)], ["evidence doubled: 1"]),
        ([(BILLED, 1001.0), ("Still looking: 4 invoices read…", 1001.1)], ['messages left at "Still looking": 1']),
        ([], ["questions lost: 1"]),
    ],
)
def test_the_count_tells_what_became_of_a_question(
    scene: tuple[House, Pool, Question], said: list[tuple[str, float]], broken: list[str]
) -> None:
    assert counted(scene, *said).broken(can_look_back=True) == broken


def test_the_figures_of_jobs_have_their_bounds() -> None:
    assert len(Figures(not_ended=1, failed_jobs=2, messages=Counter({2: 1})).broken(can_look_back=False)) == 2
