-- One row: what this file is about, and whether a program has it open.
CREATE TABLE project (
    singleton    INTEGER PRIMARY KEY CHECK (singleton = 1),
    uuid         TEXT    NOT NULL,
    domain       TEXT    NOT NULL,
    is_practice  INTEGER NOT NULL DEFAULT 0 CHECK (is_practice IN (0, 1)),
    created_at   INTEGER NOT NULL,
    is_open      INTEGER NOT NULL DEFAULT 0 CHECK (is_open IN (0, 1)),
    -- The log was lost, and maybe mailboxes with it: those that are added before the file is closed in order are doubted.
    has_lost_log INTEGER NOT NULL DEFAULT 0 CHECK (has_lost_log IN (0, 1))
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

-- The one certificate of a server that its owner approved; another one in its place has to be approved anew.
CREATE TABLE pinned_certificate (
    host         TEXT    NOT NULL,
    port         INTEGER NOT NULL,
    fingerprint  TEXT    NOT NULL,
    approved_at  INTEGER NOT NULL,
    -- Who signed it and until when it is valid, where it was shown before it was approved.
    issuer       TEXT,
    valid_until  INTEGER,
    PRIMARY KEY (host, port)
) STRICT, WITHOUT ROWID;

-- AUTOINCREMENT: a number is never used again, because keyring entries carry it.
CREATE TABLE mailbox (
    id                INTEGER PRIMARY KEY AUTOINCREMENT,
    address           TEXT    NOT NULL COLLATE NOCASE UNIQUE,
    source_user       TEXT    NOT NULL,
    destination_user  TEXT    NOT NULL,
    is_chosen         INTEGER NOT NULL CHECK (is_chosen IN (0, 1)),
    -- How the mailbox is signed in to on both sides, as JSON. Never a password or a token: only where a token comes from.
    source_way        TEXT    NOT NULL DEFAULT '{}',
    destination_way   TEXT    NOT NULL DEFAULT '{}',
    -- What to do with messages that are not at the destination yet.
    rest              TEXT    NOT NULL DEFAULT 'copy' CHECK (rest IN ('copy', 'leave-out', 'save'))
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
    counted_at  INTEGER NOT NULL,
    -- Messages that are larger than the destination takes, as JSON; NULL where nobody has looked.
    oversize    TEXT
) STRICT;

-- What the owner changed in a plan; survives a new count.
CREATE TABLE folder_override (
    mailbox_id   INTEGER NOT NULL REFERENCES mailbox (id) ON DELETE CASCADE,
    source       TEXT    NOT NULL,
    is_included  INTEGER CHECK (is_included IN (0, 1)),
    destination  TEXT,
    -- Whether a folder may go where another folder goes: only when the owner asked for it.
    may_share    INTEGER NOT NULL DEFAULT 0 CHECK (may_share IN (0, 1)),
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
    -- Counts of both sides when the folder was last seen to be whole.
    source_messages           INTEGER,
    source_uid_next           INTEGER,
    destination_messages      INTEGER,
    destination_uid_next      INTEGER,
    -- HIGHESTMODSEQ of the source up to which flags are known (RFC 7162).
    source_modseq             INTEGER,
    -- 1: the source counted more messages than it listed. What it lists later was not compared either.
    is_listed_short           INTEGER NOT NULL DEFAULT 0 CHECK (is_listed_short IN (0, 1)),
    -- 1: the destination folder was made anew, and it was not seen yet that its copies are there again.
    is_fenced                 INTEGER NOT NULL DEFAULT 0 CHECK (is_fenced IN (0, 1)),
    -- The destination's UIDNEXT when the folder was last compared: every message below it was held against the rows.
    -- What is there from this UID on and belongs to no row came without the knowledge of this ledger.
    compared_uid_next         INTEGER,
    -- The destination's HIGHESTMODSEQ when it was last opened (RFC 7162), where it keeps one.
    destination_modseq        INTEGER,
    UNIQUE (mailbox_id, source_raw)
) STRICT;

-- States: 0 to do, 1 in flight, 2 copied, 3 already there, 4 repaired, 5 exported, 6 refused, 7 vanished, 8 left out,
-- 9 put off by a trial.
CREATE TABLE message (
    folder_id                 INTEGER NOT NULL REFERENCES folder (id) ON DELETE CASCADE,
    uid                       INTEGER NOT NULL CHECK (uid > 0),
    size                      INTEGER NOT NULL CHECK (size >= 0),
    internal_date             TEXT    NOT NULL,
    flags                     TEXT    NOT NULL DEFAULT '[]',
    identity                  BLOB    NOT NULL CHECK (length(identity) = 32),
    state                     INTEGER NOT NULL DEFAULT 0 CHECK (state BETWEEN 0 AND 9),
    destination_uid           INTEGER,
    destination_uid_validity  INTEGER,
    intent_uidnext            INTEGER,
    intent_uid_validity       INTEGER,
    sha256                    BLOB CHECK (length(sha256) = 32),
    -- Length of the bytes that were read from the source, where it is another than `size`, which is what the source lists.
    read_bytes                INTEGER CHECK (read_bytes >= 0),
    -- Why the message is in its state: a number of plan/reason.rs, and what differs from message to message, a part on each
    -- line. No words for people.
    reason                    INTEGER,
    detail                    TEXT,
    -- Whether the flags of the copy have still to be looked at: 0 no, 1 they were not yet seen, 2 its append had broken off.
    needs_flag_check          INTEGER NOT NULL DEFAULT 0 CHECK (needs_flag_check IN (0, 1, 2)),
    -- The source's flags that the copy was last given; NULL: those in `flags`.
    mirrored_flags            TEXT,
    -- 1: people have given the copy flags of their own, which stay.
    is_touched                INTEGER NOT NULL DEFAULT 0 CHECK (is_touched IN (0, 1)),
    -- The destination folder that people have moved the copy to; `destination_uid` is its UID there.
    moved_to                  TEXT,
    -- 1: people have removed the copy after the switch, and it is not made again.
    is_released               INTEGER NOT NULL DEFAULT 0 CHECK (is_released IN (0, 1)),
    -- 1: left out by the filter or the trial, and taken in again when these change.
    is_filtered               INTEGER NOT NULL DEFAULT 0 CHECK (is_filtered IN (0, 1)),
    -- How often the source has listed the message again after it had vanished.
    comebacks                 INTEGER NOT NULL DEFAULT 0,
    -- When the intent was written, in seconds since 1970: an append may arrive for a while after its connection has broken.
    intent_at                 INTEGER,
    -- The copy that was forgotten, as its folder was made anew or it was lost: 0 none, 1 sent by us, 2 found there. A copy of
    -- ours is recognised in another size as well, which servers give to messages that they write anew.
    forgotten_copy            INTEGER NOT NULL DEFAULT 0 CHECK (forgotten_copy IN (0, 1, 2)),
    PRIMARY KEY (folder_id, uid),
    CHECK (state <> 1 OR (intent_uidnext IS NOT NULL AND intent_uid_validity IS NOT NULL)),
    CHECK (detail IS NULL OR reason IS NOT NULL)
) STRICT, WITHOUT ROWID;

-- The destination's folders as they were when the last run that ended well had begun. What has come to them since, and
-- belongs to no row, may be a copy that nobody has written down.
CREATE TABLE seen_folder (
    mailbox_id    INTEGER NOT NULL REFERENCES mailbox (id) ON DELETE CASCADE,
    -- The name in commands.
    raw           TEXT    NOT NULL,
    uid_validity  INTEGER NOT NULL,
    uid_next      INTEGER NOT NULL,
    PRIMARY KEY (mailbox_id, raw)
) STRICT, WITHOUT ROWID;

-- Mailboxes whose newest changes are lost with the log of the file: their copies may lie in any folder.
CREATE TABLE doubted_mailbox (
    mailbox_id  INTEGER PRIMARY KEY REFERENCES mailbox (id) ON DELETE CASCADE
) STRICT;

-- Counters, so that progress never counts rows. One line per folder and state, kept by the triggers
-- below and, for what changes many messages at once, by the batch (ledger/counts.rs).
CREATE TABLE folder_count (
    folder_id  INTEGER NOT NULL REFERENCES folder (id) ON DELETE CASCADE,
    state      INTEGER NOT NULL CHECK (state BETWEEN 0 AND 9),
    messages   INTEGER NOT NULL DEFAULT 0,
    bytes      INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (folder_id, state)
) STRICT, WITHOUT ROWID;

-- Whose mail the ledger of a mailbox is about: server and user of both sides, as they were when rows were written.
CREATE TABLE mailbox_sides (
    mailbox_id   INTEGER PRIMARY KEY REFERENCES mailbox (id) ON DELETE CASCADE,
    source       TEXT NOT NULL,
    destination  TEXT NOT NULL
) STRICT;

-- Problems by reason and pattern, kept by the triggers below, so that the list never reads the messages.
-- The pattern of a detail is its words without what names one message; see cause_pattern.rs.
CREATE TABLE problem_group (
    id          INTEGER PRIMARY KEY,
    state       INTEGER NOT NULL,
    -- 0 refused, 1 exported, 2 vanished, 3 repaired: the order in which they are shown.
    severity    INTEGER NOT NULL,
    reason      INTEGER NOT NULL,
    pattern     TEXT    NOT NULL,
    -- The detail of the first message, and whether all the others have exactly the same.
    detail      TEXT,
    is_uniform  INTEGER NOT NULL DEFAULT 1 CHECK (is_uniform IN (0, 1)),
    messages    INTEGER NOT NULL DEFAULT 0,
    UNIQUE (state, reason, pattern)
) STRICT;

-- Which messages are in which group.
CREATE TABLE problem (
    folder_id  INTEGER NOT NULL,
    uid        INTEGER NOT NULL,
    group_id   INTEGER NOT NULL,
    PRIMARY KEY (folder_id, uid)
) STRICT, WITHOUT ROWID;

-- Message bytes per account and day (days since 1970, UTC): providers limit them, and a limit outlives a run.
CREATE TABLE traffic (
    account     TEXT    NOT NULL,
    day         INTEGER NOT NULL,
    bytes_up    INTEGER NOT NULL DEFAULT 0,
    bytes_down  INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (account, day)
) STRICT, WITHOUT ROWID;

-- How fast mailboxes were really copied; what forecasts rest on.
CREATE TABLE measured (
    mailbox_id  INTEGER PRIMARY KEY REFERENCES mailbox (id) ON DELETE CASCADE,
    messages    INTEGER NOT NULL CHECK (messages >= 0),
    bytes       INTEGER NOT NULL CHECK (bytes >= 0),
    millis      INTEGER NOT NULL CHECK (millis >= 0),
    pairs       INTEGER NOT NULL CHECK (pairs >= 0)
) STRICT;

-- What was done to a message that the destination refused as it was. Sizes, identity and hash are those of the bytes that
-- were sent last, so that this form is recognised at the destination; a file is what was exported instead.
CREATE TABLE repair (
    folder_id      INTEGER NOT NULL,
    uid            INTEGER NOT NULL,
    -- Why it did not go as it was (RepairTrigger in plan/reason.rs), and the server's response code and words, or the date.
    trigger_name   TEXT    NOT NULL,
    refusal_code   TEXT    NOT NULL DEFAULT '',
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

-- What the destination's refusals have taught about folder names, so that a later run finds its folders again.
CREATE TABLE name_lessons (
    mailbox_id  INTEGER PRIMARY KEY REFERENCES mailbox (id) ON DELETE CASCADE,
    lessons     TEXT NOT NULL
) STRICT;

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

CREATE INDEX message_by_state ON message (folder_id, state, uid);

-- Folders that go to one place are looked for once for each folder.
CREATE INDEX folder_by_destination ON folder (destination, mailbox_id);

CREATE INDEX problem_group_in_order ON problem_group (severity, messages DESC, reason, pattern);

CREATE INDEX problem_by_group ON problem (group_id, folder_id, uid);

CREATE INDEX message_with_new_flags ON message (folder_id, uid) WHERE mirrored_flags IS NOT NULL;

CREATE INDEX message_set_aside ON message (folder_id, uid) WHERE moved_to IS NOT NULL OR is_released = 1;

CREATE INDEX message_by_new_place ON message (moved_to) WHERE moved_to IS NOT NULL;

CREATE INDEX message_filtered ON message (folder_id, uid) WHERE is_filtered = 1;

-- Few messages have a reason, or flags to be looked at: without these, looking for them goes through the whole folder.
CREATE INDEX message_with_reason ON message (folder_id, reason, state, uid) WHERE reason IS NOT NULL;

CREATE INDEX message_with_flag_check ON message (folder_id, state, uid) WHERE needs_flag_check > 0;

CREATE TRIGGER folder_added AFTER INSERT ON folder BEGIN
    INSERT INTO folder_count (folder_id, state)
    VALUES (new.id, 0), (new.id, 1), (new.id, 2), (new.id, 3), (new.id, 4), (new.id, 5), (new.id, 6), (new.id, 7), (new.id, 8),
        (new.id, 9);
END;

CREATE TRIGGER message_removed AFTER DELETE ON message BEGIN
    UPDATE folder_count SET messages = messages - 1, bytes = bytes - old.size
    WHERE folder_id = old.folder_id AND state = old.state;
END;

CREATE TRIGGER problem_removed AFTER DELETE ON message WHEN old.reason IS NOT NULL AND old.state IN (4, 5, 6, 7)
BEGIN
    UPDATE problem_group SET messages = messages - 1
    WHERE id = (SELECT group_id FROM problem WHERE folder_id = old.folder_id AND uid = old.uid);
    DELETE FROM problem_group
    WHERE id = (SELECT group_id FROM problem WHERE folder_id = old.folder_id AND uid = old.uid) AND messages = 0;
    DELETE FROM problem WHERE folder_id = old.folder_id AND uid = old.uid;
END;

-- What changes many messages at once counts them itself and leaves `reason` alone. Every other statement that sets `state`
-- sets `reason` as well, if only to what it is: that is what these three go by.
CREATE TRIGGER message_moved AFTER UPDATE OF reason ON message WHEN new.state <> old.state BEGIN
    UPDATE folder_count SET messages = messages - 1, bytes = bytes - old.size
    WHERE folder_id = old.folder_id AND state = old.state;
    UPDATE folder_count SET messages = messages + 1, bytes = bytes + new.size
    WHERE folder_id = new.folder_id AND state = new.state;
END;

CREATE TRIGGER message_taken_in AFTER UPDATE OF reason ON message WHEN old.state IN (8, 9) AND new.state = 0 BEGIN
    UPDATE folder SET needs_match = 1 WHERE id = new.folder_id AND needs_match = 0;
END;

CREATE TRIGGER problem_changed AFTER UPDATE OF reason ON message
WHEN ((old.reason IS NOT NULL AND old.state IN (4, 5, 6, 7)) OR (new.reason IS NOT NULL AND new.state IN (4, 5, 6, 7)))
    AND (old.state <> new.state OR old.reason IS NOT new.reason OR old.detail IS NOT new.detail)
BEGIN
    UPDATE problem_group SET messages = messages - 1
    WHERE id = (SELECT group_id FROM problem WHERE folder_id = old.folder_id AND uid = old.uid);
    DELETE FROM problem_group
    WHERE id = (SELECT group_id FROM problem WHERE folder_id = old.folder_id AND uid = old.uid) AND messages = 0;
    DELETE FROM problem WHERE folder_id = old.folder_id AND uid = old.uid;
    INSERT INTO problem_group (state, severity, reason, pattern, detail)
    SELECT new.state, CASE new.state WHEN 6 THEN 0 WHEN 5 THEN 1 WHEN 7 THEN 2 ELSE 3 END,
        new.reason, cause_pattern(new.detail), new.detail
    WHERE new.reason IS NOT NULL AND new.state IN (4, 5, 6, 7)
    ON CONFLICT (state, reason, pattern) DO UPDATE SET is_uniform = is_uniform AND detail IS excluded.detail;
    INSERT INTO problem (folder_id, uid, group_id)
    SELECT new.folder_id, new.uid, id FROM problem_group
    WHERE new.reason IS NOT NULL AND new.state IN (4, 5, 6, 7)
        AND state = new.state AND reason = new.reason AND pattern = cause_pattern(new.detail);
    UPDATE problem_group SET messages = messages + 1
    WHERE id = (SELECT group_id FROM problem WHERE folder_id = new.folder_id AND uid = new.uid);
END;
