"""The words around a number that say what it is. All are in small letters."""

from __future__ import annotations


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


TICKET = _words("ticket tkt ticketid ticketno ticketnr ticketnumber")
TICKETS = _words("tickets tkts")

QUALIFYING = _words("no nos nr nrs num nums number numbers id ids s")
"""What may stand between such a word and its number, as in "Ticket no. 32223"."""
OF_IDS = _words("id ids ticketid")
OF_SEVERAL = _words("nos nrs nums numbers ids s")
QUALIFYING_SYMBOLS = frozenset("#()[]{}:._-*\"'\u201c\u201d\u201e\u2018\u2019\u00ab\u00bb<>")

OTHER_KINDS = _words(
    "po order orders invoice invoices inv quote quotes estimate estimates rma rmas serial serials sn part parts pn"
    " sku upc store stores room suite building bldg apt floor location branch warehouse account acct customer contract"
    " agreement license licence project receipt payment cheque transaction confirmation tracking shipment phone tel"
    " telephone fax ext extension zip postcode box version build batch lot asset imei vlan port bug kb cve qty"
    " quantity claim policy vat ein iban lease"
)
"""What is numbered, too, and is no ticket."""
ORDERS_OF_WORK = _words("work service job repair")
"""Before "order": another word for a ticket, or nearly."""

THIRD_PARTIES = _words(
    "comcast xfinity verizon att tmobile spectrum charter cox centurylink lumen frontier windstream optimum altice"
    " mediacom zayo cogent ringcentral vonage mitel avaya nextiva twilio bt vodafone telstra rogers bell telus"
    " shaw orange telekom sky virgin dell hp hpe lenovo microsoft ms apple google amazon aws azure cisco meraki"
    " fortinet sonicwall sophos watchguard ubiquiti unifi datto kaseya connectwise autotask intuit quickbooks adobe"
    " vmware citrix xerox ricoh canon konica kyocera brother epson lexmark zendesk jira servicenow freshdesk"
    " salesforce godaddy vendor vendors carrier isp telco manufacturer provider supplier distributor their external"
    " thirdparty parking speeding traffic event concert train flight plane bus airline movie raffle lottery admission"
    " season"
)
"""Whose tickets are not ours, directly before "ticket"."""
SUPPORT = _words("support service services trouble tech technical help helpdesk case escalation")
"""May stand between such a party and its "ticket"."""

OWN = SUPPORT | _words(
    "for on of re ref reference regarding to from per with in under our your the this a an and or via by all against"
    " incl including covers syncro msp it desk repair work job labor labour remote onsite site emergency maintenance"
    " billing billable time closed resolved complete open new project hours hour hrs hr installation install setup"
    " visit fix charge charges fee fees done tickets ticket customer client internal main parent child"
)
"""What may stand directly before "ticket" in a line that bills it."""
ASIDE = _words(
    "see cf like as similar same duplicate dup related relates follow followup not no non except excluding without"
    " instead previous previously prior earlier old already merged linked credit refund reversal reverse void than"
)
"""Shortly before "ticket": the ticket is only pointed at."""

JOINING = _words("and plus und et")
"""Between the numbers of a list that names each."""
CONNECTING = JOINING | _words("see for on of re ref or to from in with at per also via cf incl including through thru")
"""What "#12" may stand behind and still be no count of the noun before it, as in "Switch #12"."""
REACHING = _words("to through thru until till upto bis")
"""Between the ends of a span."""
SHORTENING = _words("through thru")
"""After these the end of a span may be short: "32221 through 25"."""
MONEY = _words("usd eur gbp cad aud chf")
