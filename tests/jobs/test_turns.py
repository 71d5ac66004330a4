"""Whose turn it is: nobody has more than their share, small before large, and everybody's turn comes."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from bot.jobs.turns import LARGE_AT_ONCE, RESERVED_SECONDS, SEARCHES_AT_ONCE, Claim, Turns

PER_PERSON = 3


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def claims(person: str, count: int, *, is_large: bool = False) -> list[Claim]:
    return [Claim(f"{person}{number}", person, is_large) for number in range(count)]


def test_nobody_has_more_than_their_share_and_the_next_person_is_served_at_once() -> None:
    turns = Turns(PER_PERSON)

    assert [turns.take(claim) for claim in claims("a", 5)] == [True, True, True, False, False]
    assert turns.is_full_for("a")
    assert [turns.take(claim) for claim in claims("b", 1)] == [True]
    assert not turns.is_full_for("b")


def test_a_turn_that_is_given_back_is_kept_for_the_one_who_waits_longest() -> None:
    turns = Turns(1)
    first, second, third = claims("a", 3)
    for claim in (first, second, third):
        turns.take(claim)

    assert turns.leave(first.job) == [second.job]
    assert turns.is_kept_for(second.job)
    assert not turns.take(third)
    assert turns.take(second)
    assert not turns.is_kept_for(second.job)


def test_a_turn_that_nobody_comes_for_passes_on() -> None:
    clock = Clock()
    turns = Turns(1, clock=clock)
    first, second, third = claims("a", 3)
    for claim in (first, second, third):
        turns.take(claim)
    turns.leave(first.job)

    clock.now += RESERVED_SECONDS
    assert turns.take(third)
    assert not turns.take(second)


def test_large_searches_leave_room_to_small_ones_and_wait_behind_them() -> None:
    turns = Turns(SEARCHES_AT_ONCE)
    large = claims("a", SEARCHES_AT_ONCE, is_large=True)

    assert [turns.take(claim) for claim in large].count(True) == LARGE_AT_ONCE
    assert all(turns.take(claim) for claim in claims("b", SEARCHES_AT_ONCE - LARGE_AT_ONCE))
    (small,) = claims("c", 1)
    assert not turns.take(small)
    assert turns.leave(large[0].job) == [small.job]


def test_of_those_who_wait_the_one_who_had_fewest_turns_comes_first() -> None:
    turns = Turns(SEARCHES_AT_ONCE)
    many, (late,) = claims("a", SEARCHES_AT_ONCE + 2), claims("b", 1)
    for claim in (*many, late):
        turns.take(claim)

    assert turns.leave(many[0].job) == [late.job]


@given(st.lists(st.tuples(st.sampled_from("abcd"), st.booleans()), max_size=40), st.integers(1, 4))
def test_the_limits_hold_at_any_moment_and_everybody_is_served_in_the_end(
    asked: list[tuple[str, bool]], per_person: int
) -> None:
    turns = Turns(per_person)
    waiting = {f"{number}": Claim(f"{number}", person, large) for number, (person, large) in enumerate(asked)}
    searching: dict[str, Claim] = {}
    while waiting or searching:
        for job in [job for job, claim in waiting.items() if turns.take(claim)]:
            searching[job] = waiting.pop(job)
        assert searching, "somebody waits, and nobody searches"
        assert len(searching) <= SEARCHES_AT_ONCE
        assert sum(claim.is_large for claim in searching.values()) <= LARGE_AT_ONCE
        for person in "abcd":
            assert sum(claim.person == person for claim in searching.values()) <= per_person
        job = next(iter(searching))
        del searching[job]
        turns.leave(job)
