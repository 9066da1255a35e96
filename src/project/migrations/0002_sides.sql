-- Whose mail the ledger of a mailbox is about: server and user of both sides, as they were when rows were written.
CREATE TABLE mailbox_sides (
    mailbox_id   INTEGER PRIMARY KEY REFERENCES mailbox (id) ON DELETE CASCADE,
    source       TEXT NOT NULL,
    destination  TEXT NOT NULL
) STRICT;
