-- Under which salt the agent's own log keeps a digest of an act as it is stored: nobody who
-- sees an entry of the log alone can try out what it stands for.
ALTER TABLE acts ADD COLUMN salt BYTEA NOT NULL DEFAULT x'';
UPDATE acts SET salt = randomblob(32);
