-- The agent's own database. Times are unix microseconds, 0 for none; JSON is TEXT.

-- Facts about the agent as a whole, each under its name (stateMember, stateLogKey, …).
CREATE TABLE state (
  name  TEXT PRIMARY KEY,
  value TEXT NOT NULL
);

-- The programs the member joined and how far each feed was followed. generation counts
-- resyncs: a placement of an earlier generation did not come back.
CREATE TABLE programs (
  program    BIGINT PRIMARY KEY,
  name       TEXT NOT NULL,
  policy     TEXT NOT NULL,
  cursor     TEXT NOT NULL,
  seq        BIGINT NOT NULL,
  generation BIGINT NOT NULL,
  loaded     BOOLEAN NOT NULL,
  contact    BIGINT NOT NULL
);

-- What a signal says. state is "active" or "suspended" over all placements; sealed holds
-- value, second keys and note and is empty while no value was ever sent.
CREATE TABLE replica (
  signal  BIGINT PRIMARY KEY,
  member  BIGINT NOT NULL,
  type    TEXT NOT NULL,
  state   TEXT NOT NULL,
  expires BIGINT NOT NULL,
  opinion TEXT NOT NULL,
  sealed  BYTEA NOT NULL
);
CREATE INDEX replica_expires ON replica (expires);

-- The wrapped key of each sealed record, apart so that destroying one is a small write.
CREATE TABLE secret (
  signal  BIGINT PRIMARY KEY,
  wrapped BYTEA NOT NULL
);

-- Where a signal is shared, and its state as that program's feed last said it.
CREATE TABLE placement (
  program    BIGINT NOT NULL,
  signal     BIGINT NOT NULL,
  state      TEXT NOT NULL,
  seq        BIGINT NOT NULL,
  generation BIGINT NOT NULL,
  PRIMARY KEY (program, signal)
);
CREATE INDEX placement_signal ON placement (signal);

-- When a signal fell: a page that was read before and arrives after must not bring it back.
CREATE TABLE fallen (
  signal BIGINT PRIMARY KEY,
  at     BIGINT NOT NULL
);

-- Matches that wait for a person. place is the JSON of where in the record the match
-- stands; it is emptied when the signal falls. urgency orders the queue, 0 first.
CREATE TABLE hits (
  id       BIGINT PRIMARY KEY,
  signal   BIGINT NOT NULL,
  type     TEXT NOT NULL,
  ref      TEXT NOT NULL,
  account  TEXT NOT NULL,
  how      TEXT NOT NULL,
  state    TEXT NOT NULL,
  urgency  BIGINT NOT NULL,
  place    TEXT NOT NULL,
  case_id  BIGINT NOT NULL,
  decision TEXT NOT NULL,
  person   BIGINT NOT NULL,
  found    BIGINT NOT NULL,
  decided  BIGINT NOT NULL,
  UNIQUE (signal, ref, how)
);
CREATE INDEX hits_queue ON hits (state, urgency, found, id);
CREATE INDEX hits_account ON hits (account);
CREATE INDEX hits_case ON hits (case_id);

CREATE TABLE cases (
  id       BIGINT PRIMARY KEY,
  title    TEXT NOT NULL,
  program  BIGINT NOT NULL,
  person   BIGINT NOT NULL,
  accounts BIGINT NOT NULL,
  opened   BIGINT NOT NULL,
  closed   BIGINT NOT NULL
);

CREATE TABLE case_signals (
  case_id BIGINT NOT NULL,
  signal  BIGINT NOT NULL,
  PRIMARY KEY (case_id, signal)
);
CREATE INDEX case_signals_signal ON case_signals (signal);

-- A round stands only when its row does: candidates of a round without one are leftovers
-- of an upload that broke off, invisible and deleted by the next.
CREATE TABLE rounds (
  case_id BIGINT NOT NULL,
  number  BIGINT NOT NULL,
  links   TEXT NOT NULL,
  added   BIGINT NOT NULL,
  total   BIGINT NOT NULL,
  warning TEXT NOT NULL,
  at      BIGINT NOT NULL,
  PRIMARY KEY (case_id, number)
);

CREATE TABLE candidates (
  case_id  BIGINT NOT NULL,
  account  TEXT NOT NULL,
  link     TEXT NOT NULL,
  via      TEXT NOT NULL,
  round    BIGINT NOT NULL,
  decision TEXT NOT NULL,
  bulk     BOOLEAN NOT NULL,
  person   BIGINT NOT NULL,
  decided  BIGINT NOT NULL,
  PRIMARY KEY (case_id, account)
);
CREATE INDEX candidates_round ON candidates (case_id, round);

-- Outcomes sent or being sent. id is the agent's own and the idempotency key of the
-- call; sent is the exchange's id, 0 until it answered.
CREATE TABLE outcomes (
  id      BIGINT PRIMARY KEY,
  case_id BIGINT NOT NULL,
  task    BIGINT NOT NULL,
  kind    TEXT NOT NULL,
  person  BIGINT NOT NULL,
  body    TEXT NOT NULL,
  sent    BIGINT NOT NULL,
  at      BIGINT NOT NULL
);
CREATE INDEX outcomes_case ON outcomes (case_id);

CREATE TABLE outcome_signals (
  outcome BIGINT NOT NULL,
  signal  BIGINT NOT NULL,
  PRIMARY KEY (outcome, signal)
);
CREATE INDEX outcome_signals_signal ON outcome_signals (signal);

-- Which accounts an outcome of a kind has counted: once for the member, whatever the case.
CREATE TABLE counted (
  kind    TEXT NOT NULL,
  account TEXT NOT NULL,
  outcome BIGINT NOT NULL,
  PRIMARY KEY (kind, account)
);
CREATE INDEX counted_outcome ON counted (outcome);

-- Derived signals shared back from a case.
CREATE TABLE shared (
  case_id BIGINT NOT NULL,
  signal  BIGINT NOT NULL,
  PRIMARY KEY (case_id, signal)
);

-- Reactions that follow from rulings, owed to the exchange until sent.
CREATE TABLE reactions (
  signal   BIGINT NOT NULL,
  reaction TEXT NOT NULL,
  sent     BOOLEAN NOT NULL,
  PRIMARY KEY (signal, reaction)
);

-- What the member owes after a correction. accounts, cases and outcomes are JSON lists.
CREATE TABLE tasks (
  correction BIGINT PRIMARY KEY,
  signal     BIGINT NOT NULL,
  kind       TEXT NOT NULL,
  hits       BIGINT NOT NULL,
  accounts   TEXT NOT NULL,
  cases      TEXT NOT NULL,
  outcomes   TEXT NOT NULL,
  opened     BIGINT NOT NULL,
  masked     BIGINT NOT NULL,
  purged     BIGINT NOT NULL,
  result     TEXT NOT NULL,
  ground     TEXT NOT NULL,
  person     BIGINT NOT NULL,
  reviewed   BIGINT NOT NULL
);

-- Acknowledgements owed. ready says the step is true here; done is when the exchange
-- took it. known says the signal had been here before it fell.
CREATE TABLE acks (
  correction BIGINT NOT NULL,
  step       TEXT NOT NULL,
  known      BOOLEAN NOT NULL,
  ready      BOOLEAN NOT NULL,
  done       BIGINT NOT NULL,
  PRIMARY KEY (correction, step)
);

-- The agent's own log of reveals and decisions: leaves, what they commit to, and the
-- right edge of the tree (one row, id 1).
CREATE TABLE log_head (
  id   BIGINT PRIMARY KEY,
  size BIGINT NOT NULL,
  edge BYTEA NOT NULL
);
CREATE TABLE log_leaves (
  number  BIGINT PRIMARY KEY,
  leaf    BYTEA NOT NULL,
  opening TEXT NOT NULL
);
