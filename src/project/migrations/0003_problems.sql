-- Problems by pattern, kept by the triggers below, so that the list never reads the messages.
-- The pattern of a cause is its words without what differs from message to message; see cause_pattern.rs.
CREATE TABLE problem_group (
    id          INTEGER PRIMARY KEY,
    state       INTEGER NOT NULL,
    -- 0 refused, 1 exported, 2 vanished, 3 repaired: the order in which they are shown.
    severity    INTEGER NOT NULL,
    pattern     TEXT    NOT NULL,
    -- The cause of the first message, and whether all the others have exactly the same.
    words       TEXT    NOT NULL,
    is_uniform  INTEGER NOT NULL DEFAULT 1 CHECK (is_uniform IN (0, 1)),
    messages    INTEGER NOT NULL DEFAULT 0,
    UNIQUE (state, pattern)
) STRICT;

CREATE INDEX problem_group_in_order ON problem_group (severity, messages DESC, pattern);

-- Which messages are in which group.
CREATE TABLE problem (
    folder_id  INTEGER NOT NULL,
    uid        INTEGER NOT NULL,
    group_id   INTEGER NOT NULL,
    PRIMARY KEY (folder_id, uid)
) STRICT, WITHOUT ROWID;

CREATE INDEX problem_by_group ON problem (group_id, folder_id, uid);

INSERT INTO problem_group (state, severity, pattern, words, is_uniform, messages)
SELECT state, CASE state WHEN 6 THEN 0 WHEN 5 THEN 1 WHEN 7 THEN 2 ELSE 3 END, cause_pattern(cause),
    min(cause), min(cause) = max(cause), count(*)
FROM message WHERE cause IS NOT NULL AND state IN (4, 5, 6, 7)
GROUP BY state, cause_pattern(cause);

INSERT INTO problem (folder_id, uid, group_id)
SELECT message.folder_id, message.uid, problem_group.id
FROM message JOIN problem_group
    ON problem_group.state = message.state AND problem_group.pattern = cause_pattern(message.cause)
WHERE message.cause IS NOT NULL AND message.state IN (4, 5, 6, 7);

DROP INDEX message_by_cause;

CREATE TRIGGER problem_changed AFTER UPDATE OF state, cause ON message
WHEN (old.cause IS NOT NULL OR new.cause IS NOT NULL) AND (old.state <> new.state OR old.cause IS NOT new.cause)
BEGIN
    UPDATE problem_group SET messages = messages - 1
    WHERE id = (SELECT group_id FROM problem WHERE folder_id = old.folder_id AND uid = old.uid);
    DELETE FROM problem_group
    WHERE id = (SELECT group_id FROM problem WHERE folder_id = old.folder_id AND uid = old.uid) AND messages = 0;
    DELETE FROM problem WHERE folder_id = old.folder_id AND uid = old.uid;
    INSERT INTO problem_group (state, severity, pattern, words)
    SELECT new.state, CASE new.state WHEN 6 THEN 0 WHEN 5 THEN 1 WHEN 7 THEN 2 ELSE 3 END,
        cause_pattern(new.cause), new.cause
    WHERE new.cause IS NOT NULL AND new.state IN (4, 5, 6, 7)
    ON CONFLICT (state, pattern) DO UPDATE SET is_uniform = is_uniform AND words = excluded.words;
    INSERT INTO problem (folder_id, uid, group_id)
    SELECT new.folder_id, new.uid, id FROM problem_group
    WHERE new.cause IS NOT NULL AND new.state IN (4, 5, 6, 7)
        AND state = new.state AND pattern = cause_pattern(new.cause);
    UPDATE problem_group SET messages = messages + 1
    WHERE id = (SELECT group_id FROM problem WHERE folder_id = new.folder_id AND uid = new.uid);
END;

CREATE TRIGGER problem_removed AFTER DELETE ON message WHEN old.cause IS NOT NULL
BEGIN
    UPDATE problem_group SET messages = messages - 1
    WHERE id = (SELECT group_id FROM problem WHERE folder_id = old.folder_id AND uid = old.uid);
    DELETE FROM problem_group
    WHERE id = (SELECT group_id FROM problem WHERE folder_id = old.folder_id AND uid = old.uid) AND messages = 0;
    DELETE FROM problem WHERE folder_id = old.folder_id AND uid = old.uid;
END;
