-- What the ledger must not forget of copies.

-- A message that was left out was not compared with the destination: where it takes part after all, whatever took it in,
-- its folder has to be compared before anything is sent.
CREATE TRIGGER message_taken_in AFTER UPDATE OF state ON message WHEN old.state = 8 AND new.state = 0 BEGIN
    UPDATE folder SET needs_match = 1 WHERE id = new.folder_id AND needs_match = 0;
END;

-- 1: the source counted more messages than it listed. What it lists later was not compared either.
ALTER TABLE folder ADD COLUMN is_listed_short INTEGER NOT NULL DEFAULT 0 CHECK (is_listed_short IN (0, 1));

CREATE TRIGGER message_listed_late AFTER INSERT ON message BEGIN
    UPDATE folder SET needs_match = 1 WHERE id = new.folder_id AND needs_match = 0 AND is_listed_short = 1;
END;

-- The copy that was forgotten, as its folder was made anew or it was lost: 0 none, 1 sent by us, 2 found there. A copy of
-- ours is recognised in another size as well, which servers give to messages that they write anew.
ALTER TABLE message ADD COLUMN forgotten_copy INTEGER NOT NULL DEFAULT 0 CHECK (forgotten_copy IN (0, 1, 2));
-- 1: the destination folder was made anew, and it was not seen yet that its copies are there again.
ALTER TABLE folder ADD COLUMN is_fenced INTEGER NOT NULL DEFAULT 0 CHECK (is_fenced IN (0, 1));

-- A message that gets another UID takes its repair along.
CREATE TABLE repair_kept (
    folder_id      INTEGER NOT NULL,
    uid            INTEGER NOT NULL,
    refusal        TEXT    NOT NULL,
    steps          TEXT    NOT NULL DEFAULT '[]',
    sent_size      INTEGER CHECK (sent_size >= 0),
    sent_identity  BLOB    CHECK (length(sent_identity) = 32),
    sent_sha256    BLOB    CHECK (length(sent_sha256) = 32),
    file           TEXT,
    file_sha256    BLOB    CHECK (length(file_sha256) = 32),
    PRIMARY KEY (folder_id, uid),
    FOREIGN KEY (folder_id, uid) REFERENCES message (folder_id, uid) ON DELETE CASCADE ON UPDATE CASCADE,
    CHECK ((sent_size IS NULL) = (sent_identity IS NULL) AND (sent_size IS NULL) = (sent_sha256 IS NULL))
) STRICT, WITHOUT ROWID;

INSERT INTO repair_kept SELECT * FROM repair;
DROP TABLE repair;
ALTER TABLE repair_kept RENAME TO repair;
