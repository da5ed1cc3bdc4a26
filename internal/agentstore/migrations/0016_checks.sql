-- How often the engine's files had been begun to be read through when a file or piece had
-- been looked at: if they are found damaged, what was looked at since the last reading that
-- found them whole is due again. What was noted before this counts as looked at before any.
ALTER TABLE hunted ADD COLUMN checks BIGINT NOT NULL DEFAULT 0;
ALTER TABLE hunted_pieces ADD COLUMN checks BIGINT NOT NULL DEFAULT 0;
