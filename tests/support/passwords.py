"""Passwords to look for in what must not show them."""

from __future__ import annotations

from hypothesis import strategies as st

from tests.support.values import texts

_CORE = st.text("abcdefghijkmnopqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789", min_size=12, max_size=40).map(
    "9{}9".format
)


@st.composite
def passwords(draw: st.DrawFn) -> tuple[str, str]:
    """A password that the API accepts, and the part of it that no other text has."""
    core = draw(_CORE)
    around = texts(blank=True).map(lambda text: text[:40])
    return draw(around) + core + draw(around), core
