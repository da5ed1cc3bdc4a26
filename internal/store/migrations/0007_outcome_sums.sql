-- Sums over outcomes: counted is what an entry adds to the sum of its member and program,
-- or of a signal, once accounts that were counted before are left out. root_at is the time of
-- the entry that a correction goes back to, by which sums show the two together.
ALTER TABLE outcome ADD COLUMN counted BIGINT NOT NULL DEFAULT 0;
ALTER TABLE outcome ADD COLUMN root_at BIGINT NOT NULL DEFAULT 0;
ALTER TABLE outcome_signal ADD COLUMN counted BIGINT NOT NULL DEFAULT 0;
UPDATE outcome SET counted = count, root_at = COALESCE((SELECT e.at FROM outcome e WHERE e.id = outcome.corrects_id), at);
UPDATE outcome_signal SET counted = COALESCE((SELECT o.count FROM outcome o WHERE o.id = outcome_signal.outcome_id), 0);
CREATE INDEX outcome_corrects ON outcome (corrects_id);
CREATE INDEX outcome_program ON outcome (program_id);

-- Accounts that an outcome counts, as keyed tokens of its member: the exchange learns that
-- two are the same account, and nothing else of them.
CREATE TABLE outcome_token ( -- reference
  member_id  BIGINT NOT NULL,
  program_id BIGINT NOT NULL,
  kind       TEXT   NOT NULL,
  token      BYTEA  NOT NULL,
  outcome_id BIGINT NOT NULL,
  PRIMARY KEY (member_id, program_id, kind, token, outcome_id)
);
CREATE INDEX outcome_token_outcome ON outcome_token (outcome_id);
