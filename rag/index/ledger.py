"""The ledger of ingests, and what users thought of answers."""

from rag.index.database import Database


class Ledger(Database):
    """The tables that only ever grow."""

    def start_run(self, now: str) -> int:
        """Enter an ingest into the ledger; returns its number."""
        with self.transaction() as connection:
            return int(connection.execute("INSERT INTO runs (started) VALUES (?)", (now,)).lastrowid or 0)

    def finish_run(self, number: int, now: str, report: str) -> None:
        """Complete the entry of an ingest."""
        with self.transaction() as connection:
            connection.execute("UPDATE runs SET finished = ?, report = ? WHERE number = ?", (now, report, number))

    def add_feedback(self, given: str, good: bool, comment: str, answer: str) -> None:
        """Keep what a user thought of an answer (its JSON)."""
        row = (given, good, comment, answer)
        with self.transaction() as connection:
            connection.execute("INSERT INTO feedback (given, good, comment, answer) VALUES (?, ?, ?, ?)", row)

    def feedback(self) -> list[tuple[str, bool, str, str]]:
        """All feedback in the order given: when, good or not, comment, the answer's JSON."""
        rows = self._connection().execute("SELECT given, good, comment, answer FROM feedback ORDER BY number")
        return [(given, bool(good), comment, answer) for given, good, comment, answer in rows]
