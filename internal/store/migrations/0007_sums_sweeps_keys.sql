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

-- What the sweeper looks for every minute. The indexes hold only what waits for it, however
-- much there is that it dealt with long ago.
DROP INDEX signal_expiry;
CREATE INDEX signal_due ON signal (expires_at) WHERE state IN ('held', 'active', 'suspended');
CREATE INDEX signal_fallen ON signal (updated_at) WHERE state IN ('withdrawn', 'expired') AND value IS NOT NULL;
CREATE INDEX placement_erased ON placement (changed_at) WHERE value_id IS NULL;
CREATE INDEX challenge_open ON challenge (deadline_at) WHERE state = 'open';
CREATE INDEX marker_expiry ON marker (expires_at);
CREATE INDEX idempotency_at ON idempotency (at);
CREATE INDEX webhook_endpoint_previous ON webhook_endpoint (previous_until) WHERE previous IS NOT NULL;

-- Which key-encryption key is in force, by its id, and the secret of the keyed indexes
-- wrapped under it: the secret outlives the key it was once derived from. While done_at
-- is 0 and begun_at is not, the keys of records are being wrapped anew.
CREATE TABLE sealing ( -- local
  id       BIGINT PRIMARY KEY,
  kek      TEXT   NOT NULL,
  secret   BYTEA  NOT NULL,
  begun_at BIGINT NOT NULL,
  done_at  BIGINT NOT NULL
);
