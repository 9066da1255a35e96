-- Few messages have a cause: without this, looking for them goes through the whole folder.
CREATE INDEX message_with_cause ON message (folder_id, state, uid) WHERE cause IS NOT NULL;
