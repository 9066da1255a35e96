-- Whether a folder may go where another folder goes: only when the owner asked for it.
ALTER TABLE folder_override ADD COLUMN may_share INTEGER NOT NULL DEFAULT 0 CHECK (may_share IN (0, 1));

-- Messages that are larger than the destination takes, as JSON; NULL where nobody has looked.
ALTER TABLE mailbox_plan ADD COLUMN oversize TEXT;

-- How fast mailboxes were really copied; what forecasts rest on.
CREATE TABLE measured (
    mailbox_id  INTEGER PRIMARY KEY REFERENCES mailbox (id) ON DELETE CASCADE,
    messages    INTEGER NOT NULL CHECK (messages >= 0),
    bytes       INTEGER NOT NULL CHECK (bytes >= 0),
    millis      INTEGER NOT NULL CHECK (millis >= 0),
    pairs       INTEGER NOT NULL CHECK (pairs >= 0)
) STRICT;
