-- narrowed marks the placements whose program the sharer took a signal out of while it stands
-- in another: a tombstone of this place alone. What stands, stands where this is false.
ALTER TABLE placement ADD COLUMN narrowed BOOLEAN NOT NULL DEFAULT FALSE;

-- Of a correction of kind narrowed: the program, and the place of the tombstone in its feed.
ALTER TABLE correction ADD COLUMN program_id BIGINT NOT NULL DEFAULT 0;
ALTER TABLE correction ADD COLUMN seq BIGINT NOT NULL DEFAULT 0;
