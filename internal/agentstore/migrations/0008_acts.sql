-- Why a hit or candidate was decided as it was, and by which act. 0: before acts were kept.
ALTER TABLE hits ADD COLUMN reason TEXT NOT NULL DEFAULT '';
ALTER TABLE hits ADD COLUMN bulk BOOLEAN NOT NULL DEFAULT FALSE;
ALTER TABLE hits ADD COLUMN act BIGINT NOT NULL DEFAULT 0;
ALTER TABLE candidates ADD COLUMN reason TEXT NOT NULL DEFAULT '';
ALTER TABLE candidates ADD COLUMN act BIGINT NOT NULL DEFAULT 0;

-- What has the same evidence is found together, and so is what a round brought.
DROP INDEX candidates_round;
CREATE INDEX candidates_evidence ON candidates (case_id, round, link, via);

-- Decisions taken at once. undone is 0 while the act stands; challenge is one it opened.
CREATE TABLE acts (
  id        BIGINT PRIMARY KEY,
  person    BIGINT NOT NULL,
  case_id   BIGINT NOT NULL,
  bulk      BIGINT NOT NULL,
  decision  TEXT NOT NULL,
  reason    TEXT NOT NULL,
  count     BIGINT NOT NULL,
  challenge BIGINT NOT NULL,
  at        BIGINT NOT NULL,
  undone    BIGINT NOT NULL,
  undone_by BIGINT NOT NULL
);
CREATE INDEX acts_at ON acts (at);

-- What was before an act, kept while it can be undone. prior is the act before it.
CREATE TABLE act_hits (
  act      BIGINT NOT NULL,
  hit      BIGINT NOT NULL,
  state    TEXT NOT NULL,
  decision TEXT NOT NULL,
  reason   TEXT NOT NULL,
  bulk     BOOLEAN NOT NULL,
  person   BIGINT NOT NULL,
  decided  BIGINT NOT NULL,
  prior    BIGINT NOT NULL,
  PRIMARY KEY (act, hit)
);
CREATE TABLE act_candidates (
  act      BIGINT NOT NULL,
  account  TEXT NOT NULL,
  decision TEXT NOT NULL,
  reason   TEXT NOT NULL,
  bulk     BOOLEAN NOT NULL,
  person   BIGINT NOT NULL,
  decided  BIGINT NOT NULL,
  prior    BIGINT NOT NULL,
  PRIMARY KEY (act, account)
);

-- Which act first called for a reaction, from when it may be sent, and whether it is to be
-- taken back: "back" with sent FALSE is a reaction that the exchange still shows.
ALTER TABLE reactions ADD COLUMN act BIGINT NOT NULL DEFAULT 0;
ALTER TABLE reactions ADD COLUMN due BIGINT NOT NULL DEFAULT 0;
ALTER TABLE reactions ADD COLUMN back BOOLEAN NOT NULL DEFAULT FALSE;

-- Previews of acts in bulk. evidence and sample are JSON; digest binds what would be
-- decided; act is the one that committed it, 0 before.
CREATE TABLE bulks (
  id       BIGINT PRIMARY KEY,
  person   BIGINT NOT NULL,
  decision TEXT NOT NULL,
  reason   TEXT NOT NULL,
  evidence TEXT NOT NULL,
  sample   TEXT NOT NULL,
  seed     TEXT NOT NULL,
  digest   TEXT NOT NULL,
  count    BIGINT NOT NULL,
  opened   BIGINT NOT NULL,
  act      BIGINT NOT NULL
);
