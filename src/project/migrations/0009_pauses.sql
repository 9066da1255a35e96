-- How often servers asked a mailbox to wait, and for how long altogether; one line for words that say the same.
CREATE TABLE pause (
    mailbox_id  INTEGER NOT NULL REFERENCES mailbox (id) ON DELETE CASCADE,
    -- The words without what differs from time to time; see cause_pattern.rs.
    pattern     TEXT    NOT NULL,
    -- As they were the last time.
    words       TEXT    NOT NULL,
    times       INTEGER NOT NULL CHECK (times > 0),
    seconds     INTEGER NOT NULL CHECK (seconds >= 0),
    last_at     INTEGER NOT NULL,
    PRIMARY KEY (mailbox_id, pattern)
) STRICT, WITHOUT ROWID;
