-- One row: what this file is about, and whether a program has it open.
CREATE TABLE project (
    singleton    INTEGER PRIMARY KEY CHECK (singleton = 1),
    uuid         TEXT    NOT NULL,
    domain       TEXT    NOT NULL,
    is_practice  INTEGER NOT NULL DEFAULT 0 CHECK (is_practice IN (0, 1)),
    created_at   INTEGER NOT NULL,
    is_open      INTEGER NOT NULL DEFAULT 0 CHECK (is_open IN (0, 1))
) STRICT;

-- Values that are read and written as a whole: JSON, except where the name says otherwise.
CREATE TABLE document (
    name  TEXT PRIMARY KEY,
    body  TEXT NOT NULL,
    at    INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- Answers that the provider's records need.
CREATE TABLE answer (
    name   TEXT PRIMARY KEY,
    value  TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- SPF senders that the owner kept or dropped.
CREATE TABLE sender (
    term     TEXT PRIMARY KEY,
    is_kept  INTEGER NOT NULL CHECK (is_kept IN (0, 1))
) STRICT, WITHOUT ROWID;

-- Certificates that the owner trusts, each for one server only.
CREATE TABLE pinned_certificate (
    host         TEXT    NOT NULL,
    port         INTEGER NOT NULL,
    fingerprint  TEXT    NOT NULL,
    at           INTEGER NOT NULL,
    PRIMARY KEY (host, port, fingerprint)
) STRICT, WITHOUT ROWID;

-- AUTOINCREMENT: a number is never used again, because keyring entries carry it.
CREATE TABLE mailbox (
    id                INTEGER PRIMARY KEY AUTOINCREMENT,
    address           TEXT    NOT NULL COLLATE NOCASE UNIQUE,
    source_user       TEXT    NOT NULL,
    destination_user  TEXT    NOT NULL,
    is_chosen         INTEGER NOT NULL CHECK (is_chosen IN (0, 1))
) STRICT;

-- The last sign-in that worked.
CREATE TABLE sign_in (
    mailbox_id    INTEGER NOT NULL REFERENCES mailbox (id) ON DELETE CASCADE,
    side          TEXT    NOT NULL CHECK (side IN ('source', 'destination')),
    server_words  TEXT    NOT NULL,
    at            INTEGER NOT NULL,
    PRIMARY KEY (mailbox_id, side)
) STRICT, WITHOUT ROWID;

CREATE TABLE mailbox_plan (
    mailbox_id  INTEGER PRIMARY KEY REFERENCES mailbox (id) ON DELETE CASCADE,
    body        TEXT    NOT NULL,
    counted_at  INTEGER NOT NULL
) STRICT;

-- What the owner changed in a plan; survives a new count.
CREATE TABLE folder_override (
    mailbox_id   INTEGER NOT NULL REFERENCES mailbox (id) ON DELETE CASCADE,
    source       TEXT    NOT NULL,
    is_included  INTEGER CHECK (is_included IN (0, 1)),
    destination  TEXT,
    PRIMARY KEY (mailbox_id, source)
) STRICT, WITHOUT ROWID;

-- The ledger. The UIDVALIDITY of the source folder is the epoch of its rows: when it changes, the rows go.
CREATE TABLE folder (
    id                        INTEGER PRIMARY KEY AUTOINCREMENT,
    mailbox_id                INTEGER NOT NULL REFERENCES mailbox (id) ON DELETE CASCADE,
    source_raw                TEXT    NOT NULL,
    source                    TEXT    NOT NULL,
    destination               TEXT    NOT NULL,
    source_uid_validity       INTEGER NOT NULL,
    destination_uid_validity  INTEGER,
    -- 1: the destination must be compared before anything is sent.
    needs_match               INTEGER NOT NULL DEFAULT 1 CHECK (needs_match IN (0, 1)),
    UNIQUE (mailbox_id, source_raw)
) STRICT;

-- States: 0 to do, 1 in flight, 2 copied, 3 already there, 4 repaired, 5 exported, 6 refused, 7 vanished, 8 left out.
CREATE TABLE message (
    folder_id                 INTEGER NOT NULL REFERENCES folder (id) ON DELETE CASCADE,
    uid                       INTEGER NOT NULL CHECK (uid > 0),
    size                      INTEGER NOT NULL CHECK (size >= 0),
    internal_date             TEXT    NOT NULL,
    flags                     TEXT    NOT NULL DEFAULT '[]',
    identity                  BLOB    NOT NULL CHECK (length(identity) = 32),
    state                     INTEGER NOT NULL DEFAULT 0 CHECK (state BETWEEN 0 AND 8),
    destination_uid           INTEGER,
    destination_uid_validity  INTEGER,
    intent_uidnext            INTEGER,
    intent_uid_validity       INTEGER,
    sha256                    BLOB CHECK (length(sha256) = 32),
    cause                     TEXT,
    PRIMARY KEY (folder_id, uid),
    CHECK (state <> 1 OR (intent_uidnext IS NOT NULL AND intent_uid_validity IS NOT NULL))
) STRICT, WITHOUT ROWID;

CREATE INDEX message_by_state ON message (folder_id, state, uid);
CREATE INDEX message_by_cause ON message (state, cause, folder_id, uid) WHERE cause IS NOT NULL;

-- Counters, so that progress never counts rows. One line per folder and state, kept by the triggers below.
CREATE TABLE folder_count (
    folder_id  INTEGER NOT NULL REFERENCES folder (id) ON DELETE CASCADE,
    state      INTEGER NOT NULL CHECK (state BETWEEN 0 AND 8),
    messages   INTEGER NOT NULL DEFAULT 0,
    bytes      INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (folder_id, state)
) STRICT, WITHOUT ROWID;

CREATE TRIGGER folder_added AFTER INSERT ON folder BEGIN
    INSERT INTO folder_count (folder_id, state)
    VALUES (new.id, 0), (new.id, 1), (new.id, 2), (new.id, 3), (new.id, 4), (new.id, 5), (new.id, 6), (new.id, 7), (new.id, 8);
END;

CREATE TRIGGER message_added AFTER INSERT ON message BEGIN
    UPDATE folder_count SET messages = messages + 1, bytes = bytes + new.size
    WHERE folder_id = new.folder_id AND state = new.state;
END;

CREATE TRIGGER message_moved AFTER UPDATE OF state ON message WHEN new.state <> old.state BEGIN
    UPDATE folder_count SET messages = messages - 1, bytes = bytes - old.size
    WHERE folder_id = old.folder_id AND state = old.state;
    UPDATE folder_count SET messages = messages + 1, bytes = bytes + new.size
    WHERE folder_id = new.folder_id AND state = new.state;
END;

CREATE TRIGGER message_removed AFTER DELETE ON message BEGIN
    UPDATE folder_count SET messages = messages - 1, bytes = bytes - old.size
    WHERE folder_id = old.folder_id AND state = old.state;
END;
