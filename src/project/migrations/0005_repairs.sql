-- What was done to a message that the destination refused as it was. Sizes, identity and hash are those of the bytes that
-- were sent last, so that this form is recognised at the destination; a file is what was exported instead.
CREATE TABLE repair (
    folder_id      INTEGER NOT NULL,
    uid            INTEGER NOT NULL,
    -- The server's words about the message as it was.
    refusal        TEXT    NOT NULL,
    -- JSON: the steps that were tried, in their order. Where the row is “repaired”, the last one is the one that helped.
    steps          TEXT    NOT NULL DEFAULT '[]',
    sent_size      INTEGER CHECK (sent_size >= 0),
    sent_identity  BLOB    CHECK (length(sent_identity) = 32),
    sent_sha256    BLOB    CHECK (length(sent_sha256) = 32),
    file           TEXT,
    file_sha256    BLOB    CHECK (length(file_sha256) = 32),
    PRIMARY KEY (folder_id, uid),
    FOREIGN KEY (folder_id, uid) REFERENCES message (folder_id, uid) ON DELETE CASCADE,
    CHECK ((sent_size IS NULL) = (sent_identity IS NULL) AND (sent_size IS NULL) = (sent_sha256 IS NULL))
) STRICT, WITHOUT ROWID;

-- When the intent was written, in seconds since 1970: an append may arrive for a while after its connection has broken.
ALTER TABLE message ADD COLUMN intent_at INTEGER;

-- Message bytes per account and day (days since 1970, UTC): providers limit them, and a limit outlives a run.
CREATE TABLE traffic (
    account     TEXT    NOT NULL,
    day         INTEGER NOT NULL,
    bytes_up    INTEGER NOT NULL DEFAULT 0,
    bytes_down  INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (account, day)
) STRICT, WITHOUT ROWID;
