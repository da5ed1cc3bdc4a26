-- Who attested a step of a correction: a person, or 0 if the member's software says so.
ALTER TABLE receivership ADD COLUMN masked_by BIGINT NOT NULL DEFAULT 0;
ALTER TABLE receivership ADD COLUMN purged_by BIGINT NOT NULL DEFAULT 0;

-- How often a sharer's signals fell to challenges.
CREATE INDEX correction_owner ON correction (owner_id, opened_at);
