-- How a mailbox is signed in to on both sides, as JSON. Never a password or a token: only where a token comes from.
ALTER TABLE mailbox ADD COLUMN source_way TEXT NOT NULL DEFAULT '{}';
ALTER TABLE mailbox ADD COLUMN destination_way TEXT NOT NULL DEFAULT '{}';
