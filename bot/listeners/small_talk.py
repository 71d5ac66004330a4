"""What people say that is no question. Pure functions."""

from __future__ import annotations

import re

_EMOJI = re.compile(r":[a-z0-9_+'-]++:")
_WORD = re.compile(r"[^\W\d_]++")
_CHIT_CHAT = re.compile(
    r"a|all|alright|awesome|bot|cheers|cool|danke|done|excellent|fine|for|good|got|great|"
    r"it|job|kind|lots|lovely|many|merci|much|nice|now|of|ok|okay|perfect|quick|so|super|"
    r"thank|thanks|that|the|there|this|thx|tnx|ty|understood|very|well|work|you|your"
)

_BILLING = re.compile(
    r"\b(?:(?:re-?)?(?:invoic|bill|charg|check)|paid|prepaid|credit|cover|warrant|waive|look again)", re.IGNORECASE
)


def speaks_of_billing(text: str) -> bool:
    """Whether a text has a word of billing in it: invoice, billed, charged, paid, covered, waived, recheck."""
    return _BILLING.search(text) is not None


def is_chit_chat(text: str) -> bool:
    """Whether a text says thanks or well done and nothing else: only such words, or only emoji."""
    return bool(text.strip()) and all(map(_CHIT_CHAT.fullmatch, _WORD.findall(_EMOJI.sub(" ", text).casefold())))
