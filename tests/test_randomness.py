"""Randomness: passwords and the names of servers, with a seed and without."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rtgmock.randomness import FISHES, Randomness
from tests.support.values import few


@few
@given(st.none() | st.integers(), st.integers(min_value=1))
def test_a_password_is_32_lower_case_hex_digits(seed: int | None, number: int) -> None:
    assert re.fullmatch("[0-9a-f]{32}", Randomness(seed).password(number))


@pytest.mark.parametrize("seed", [0, 7, -7])
def test_a_seed_repeats_in_any_order_of_the_draws(seed: int) -> None:
    first, second = Randomness(seed), Randomness(seed)
    passwords = {number: first.password(number) for number in (1, 2, 3)}
    name = first.server_name(1, ())

    assert second.server_name(1, ()) == name
    assert {number: second.password(number) for number in (3, 1, 2)} == passwords


def test_a_config_command_is_drawn_like_a_password_and_is_another() -> None:
    assert re.fullmatch("[0-9a-f]{32}", Randomness(7).config_command(1))
    assert Randomness(7).config_command(1) == Randomness(7).config_command(1)
    assert Randomness(7).config_command(1) != Randomness(7).password(1)


def test_passwords_differ_by_id_and_by_seed() -> None:
    passwords = [Randomness(seed).password(number) for seed in (-1, 0, 1, 11) for number in range(1, 50)]

    assert len(set(passwords)) == len(passwords)


def test_without_a_seed_nothing_repeats() -> None:
    assert Randomness().password(1) != Randomness().password(1)


@pytest.mark.parametrize("seed", [None, 7])
def test_servers_have_different_fishes_until_there_are_no_more(seed: int | None) -> None:
    randomness = Randomness(seed)
    names: list[str] = []
    for number in range(1, len(FISHES) + 4):
        names.append(randomness.server_name(number, names))

    assert set(names[: len(FISHES)]) == set(FISHES)
    assert len(set(names)) == len(names)
    for number, name in enumerate(names[len(FISHES) :], len(FISHES) + 1):
        assert name.removesuffix(str(number)) in FISHES


def test_the_recorded_fishes_come_first() -> None:
    assert FISHES[:4] == ("ray", "goosefish", "catfish", "crestfish")


def test_no_fish_has_a_hyphen() -> None:
    assert len(set(FISHES)) == len(FISHES)
    assert all(re.fullmatch("[a-z]+", fish) for fish in FISHES)
