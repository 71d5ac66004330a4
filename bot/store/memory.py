"""What the bot remembers between digests: runs, standing warnings, posted messages, snoozes, marks, subscriptions.

Contract (the implementation follows):

class Memory:
    def __init__(self, database: sqlalchemy.URL | str) -> None: ...
    def open(self) -> None                      # create or migrate the tables; safe when processes start together
    def close(self) -> None
    def history(self, now: datetime) -> History # snoozes that have ended are not in it
    def remember_run(self, digest: Digest, *, key: str) -> bool
        # one transaction: the run (for trend), standing warnings (new ones added, amounts updated, resolved ones ended).
        # The same key again changes nothing and returns False.
    def warn(self, finding: Finding, posted: Posted|None, *, at: datetime, source: "check"|"digest") -> None
        # a not_invoiced finding was said: standing warning + where its message is (for retraction)
    def posted_warnings(self, ticket_ids) -> list[PostedWarning(ticket_id, ticket_number, channel, ts, thread_ts, source)]
    def retract(self, ticket_id, *, invoice_number, at) -> None   # ended; its messages are forgotten
    def snooze(self, snooze: Snooze) -> None ; def wake(self, ticket_id) -> None
    def mark(self, mark: Mark) -> None ; def unmark(self, ticket_id, *, by: str, at: datetime) -> bool
    def subscribe / unsubscribe / subscriptions -> Subscription(user, customers: tuple[str,...] | (), mine: bool)
    def report_wrong(self, ticket_id, ticket_number, *, by, at, evidence: dict[str, Any]) -> None
    def wrong_reports(self) -> list[...] ; def statistics(self) -> Statistics(warnings_said, reported_wrong, retracted)
"""
