-- What changes many messages at once counts them itself, by the batch (ledger_batches.rs): a trigger for each row costs
-- more than the change. Such statements leave `cause` alone, and the triggers go by that: every other statement that
-- sets `state` sets `cause` as well, if only to what it is.
DROP TRIGGER message_added;
DROP TRIGGER message_listed_late;
DROP TRIGGER message_moved;
DROP TRIGGER message_taken_in;
DROP TRIGGER problem_changed;

CREATE TRIGGER message_moved AFTER UPDATE OF cause ON message WHEN new.state <> old.state BEGIN
    UPDATE folder_count SET messages = messages - 1, bytes = bytes - old.size
    WHERE folder_id = old.folder_id AND state = old.state;
    UPDATE folder_count SET messages = messages + 1, bytes = bytes + new.size
    WHERE folder_id = new.folder_id AND state = new.state;
END;

CREATE TRIGGER message_taken_in AFTER UPDATE OF cause ON message WHEN old.state = 8 AND new.state = 0 BEGIN
    UPDATE folder SET needs_match = 1 WHERE id = new.folder_id AND needs_match = 0;
END;

CREATE TRIGGER problem_changed AFTER UPDATE OF cause ON message
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
