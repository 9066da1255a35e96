-- What a later run has to know of the copies that were made before it.

-- The source's flags that the copy was last given; NULL: those in `flags`.
ALTER TABLE message ADD COLUMN mirrored_flags TEXT;
-- 1: people have given the copy flags of their own, which stay.
ALTER TABLE message ADD COLUMN is_touched INTEGER NOT NULL DEFAULT 0 CHECK (is_touched IN (0, 1));
-- The destination folder that people have moved the copy to; `destination_uid` is its UID there.
ALTER TABLE message ADD COLUMN moved_to TEXT;
-- 1: people have removed the copy after the switch, and it is not made again.
ALTER TABLE message ADD COLUMN is_released INTEGER NOT NULL DEFAULT 0 CHECK (is_released IN (0, 1));
-- 1: left out by the filter or the trial, and taken in again when these change.
ALTER TABLE message ADD COLUMN is_filtered INTEGER NOT NULL DEFAULT 0 CHECK (is_filtered IN (0, 1));
-- How often the source has listed the message again after it had vanished.
ALTER TABLE message ADD COLUMN comebacks INTEGER NOT NULL DEFAULT 0;

-- Counts of both sides when the folder was last seen to be whole.
ALTER TABLE folder ADD COLUMN source_messages INTEGER;
ALTER TABLE folder ADD COLUMN source_uid_next INTEGER;
ALTER TABLE folder ADD COLUMN destination_messages INTEGER;
ALTER TABLE folder ADD COLUMN destination_uid_next INTEGER;
-- HIGHESTMODSEQ of the source up to which flags are known (RFC 7162).
ALTER TABLE folder ADD COLUMN source_modseq INTEGER;

CREATE INDEX message_with_new_flags ON message (folder_id, uid) WHERE mirrored_flags IS NOT NULL;
CREATE INDEX message_set_aside ON message (folder_id, uid) WHERE moved_to IS NOT NULL OR is_released = 1;
CREATE INDEX message_by_new_place ON message (moved_to) WHERE moved_to IS NOT NULL;
CREATE INDEX message_filtered ON message (folder_id, uid) WHERE is_filtered = 1;
