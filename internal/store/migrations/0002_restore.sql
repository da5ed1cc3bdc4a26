-- How often this database went back to a backup. kept is how many entries the log had then,
-- lost and root the head it is known to have had before (0 and empty if none is known).
-- While accepted_at is 0 nothing may be written.
CREATE TABLE restore ( -- local
  kept        BIGINT PRIMARY KEY,
  lost        BIGINT NOT NULL,
  root        BYTEA  NOT NULL,
  reason      TEXT   NOT NULL,
  accepted_at BIGINT NOT NULL
);
