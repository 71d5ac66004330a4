"""The public holidays of a country or a part of it, by the `holidays` package."""

from __future__ import annotations

from datetime import date

_YEARS = range(2000, 2101)


def public_holidays(region: str | None) -> frozenset[date]:
    """The holidays of a region such as `DE-BW` or `US` (ISO 3166) in this century; none where none is named.

    Raises:
        ValueError: there is no such region, in words that follow the setting's name.

    """
    if region is None:
        return frozenset()
    import holidays

    country, _, part = region.upper().partition("-")
    try:
        return frozenset(holidays.country_holidays(country, subdiv=part or None, years=_YEARS))
    except NotImplementedError:
        raise ValueError("must be a country or a part of one whose holidays are known, such as US or DE-BW") from None
