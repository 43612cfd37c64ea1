"""The index's tables in SQLite, and how its file is opened.

Everything in it comes from cards and reports, so a file that other code made, or that is damaged,
is thrown away and made anew.
"""

import sqlite3
from pathlib import Path

TABLES = """
CREATE TABLE made_by (code TEXT NOT NULL);

-- A card's file as it was last read; `problems` are its own, whatever other cards say.
CREATE TABLE file (
    path TEXT PRIMARY KEY, stamp TEXT NOT NULL, sha256 TEXT NOT NULL
) WITHOUT ROWID;
CREATE TABLE report (path TEXT PRIMARY KEY, stamp TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE problem (
    path TEXT NOT NULL, line INTEGER NOT NULL, field TEXT NOT NULL, message TEXT NOT NULL,
    several INTEGER NOT NULL -- whether it is about several cards together
);
CREATE INDEX problem_path ON problem (path);
CREATE TABLE mention (path TEXT NOT NULL, target TEXT NOT NULL);
CREATE INDEX mention_path ON mention (path);
CREATE INDEX mention_target ON mention (target);

-- Whatever a line of lineage may begin or end at: cards, native files, scores, and names that no
-- card has (yet). The number is the row's in every other table.
CREATE TABLE thing (n INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE);
CREATE TABLE card (
    n INTEGER PRIMARY KEY, folder TEXT NOT NULL, id TEXT NOT NULL, title TEXT NOT NULL,
    squashed TEXT NOT NULL, sourced INTEGER NOT NULL, executable INTEGER NOT NULL,
    entry TEXT NOT NULL
);
CREATE INDEX card_id ON card (id, sourced);
CREATE INDEX card_squashed ON card (folder, squashed, id);
CREATE TABLE facet (card INTEGER NOT NULL, facet TEXT NOT NULL, value TEXT NOT NULL);
CREATE INDEX facet_card ON facet (card);
CREATE INDEX facet_value ON facet (facet, value, card);
CREATE TABLE number (card INTEGER NOT NULL, name TEXT NOT NULL, value NUMERIC NOT NULL);
CREATE INDEX number_card ON number (card);
CREATE TABLE rank (card INTEGER NOT NULL, name TEXT NOT NULL, key NOT NULL);
CREATE INDEX rank_card ON rank (card, name, key);
CREATE INDEX rank_name ON rank (name, key, card);
CREATE TABLE node (n INTEGER NOT NULL, card INTEGER NOT NULL, node TEXT NOT NULL);
CREATE INDEX node_n ON node (n);
CREATE INDEX node_card ON node (card);
CREATE TABLE edge (
    card INTEGER NOT NULL, source INTEGER NOT NULL, target INTEGER NOT NULL, edge TEXT NOT NULL
);
CREATE INDEX edge_card ON edge (card);
CREATE INDEX edge_source ON edge (source, target);
CREATE INDEX edge_target ON edge (target, source);
CREATE TABLE citation (card INTEGER NOT NULL, paper TEXT NOT NULL, claims TEXT NOT NULL);
CREATE INDEX citation_card ON citation (card);
CREATE INDEX citation_paper ON citation (paper);
CREATE TABLE result (card INTEGER NOT NULL, benchmark TEXT NOT NULL, score TEXT NOT NULL);
CREATE INDEX result_card ON result (card);
CREATE INDEX result_benchmark ON result (benchmark);
CREATE VIRTUAL TABLE words USING fts5 (
    title, id, summary, rest, tokenize = 'unicode61 remove_diacritics 2', prefix = '2 3'
);
"""
OF_A_CARD = ("facet", "number", "rank", "node", "edge", "citation", "result")
"""Tables whose rows a card's file alone decides, by the column `card`."""


def open_index(path: Path, code: str) -> sqlite3.Connection:
    """Open the index for writing, empty if it is new, damaged or of other code."""
    try:
        db = _connect(path)
        if _made_by(db) == code:
            return db
        db.close()
    except sqlite3.DatabaseError:
        pass
    for one in (path, *(path.with_name(path.name + end) for end in ("-wal", "-shm"))):
        one.unlink(missing_ok=True)
    db = _connect(path)
    with db:
        db.executescript(TABLES)
        db.execute("INSERT INTO made_by VALUES (?)", (code,))
    return db


def open_for_reading(path: Path) -> sqlite3.Connection:
    """Open the index for one thread that only reads."""
    # Not mapped into memory: each thread's mapping would count as memory of its own.
    return sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True, check_same_thread=False)


def _connect(path: Path) -> sqlite3.Connection:
    db = sqlite3.connect(path, check_same_thread=False, timeout=30)
    db.execute("PRAGMA journal_mode = WAL")
    db.execute("PRAGMA synchronous = NORMAL")
    return db


def _made_by(db: sqlite3.Connection) -> str | None:
    if not db.execute("SELECT 1 FROM sqlite_master WHERE name = 'made_by'").fetchone():
        return None
    found = db.execute("SELECT code FROM made_by").fetchone()
    return str(found[0]) if found else None
