-- Who has a case in hand, and why it was closed.
ALTER TABLE cases ADD COLUMN owner BIGINT NOT NULL DEFAULT 0;
ALTER TABLE cases ADD COLUMN ended TEXT NOT NULL DEFAULT '';
UPDATE cases SET owner = person;

-- Notes and tasks; the text is sealed under a key of its own.
CREATE TABLE case_texts (
  id      BIGINT PRIMARY KEY,
  case_id BIGINT NOT NULL,
  task    BOOLEAN NOT NULL,
  person  BIGINT NOT NULL,
  sealed  BYTEA NOT NULL,
  wrapped BYTEA NOT NULL,
  at      BIGINT NOT NULL,
  due     BIGINT NOT NULL,
  done    BIGINT NOT NULL,
  done_by BIGINT NOT NULL
);
CREATE INDEX case_texts_case ON case_texts (case_id, task, at, id);

-- What happened in a case, without gaps. Ids and counts only.
CREATE TABLE case_events (
  case_id BIGINT NOT NULL,
  number  BIGINT NOT NULL,
  kind    TEXT NOT NULL,
  person  BIGINT NOT NULL,
  object  BIGINT NOT NULL,
  count   BIGINT NOT NULL,
  word    TEXT NOT NULL,
  at      BIGINT NOT NULL,
  PRIMARY KEY (case_id, number)
);
INSERT INTO case_events (case_id, number, kind, person, object, count, word, at)
  SELECT id, 1, 'opened', person, 0, 0, '', opened FROM cases;

-- Outcomes and acts in bulk that wait for a second person. outcome is the agent's own id
-- of one that is composed and not sent.
CREATE TABLE proposals (
  id       BIGINT PRIMARY KEY,
  case_id  BIGINT NOT NULL,
  outcome  BIGINT NOT NULL,
  bulk     BIGINT NOT NULL,
  kind     TEXT NOT NULL,
  ground   TEXT NOT NULL,
  decision TEXT NOT NULL,
  count    BIGINT NOT NULL,
  singly   BIGINT NOT NULL,
  in_bulk  BIGINT NOT NULL,
  digest   TEXT NOT NULL,
  person   BIGINT NOT NULL,
  at       BIGINT NOT NULL,
  state    TEXT NOT NULL,
  second   BIGINT NOT NULL,
  answered BIGINT NOT NULL
);
CREATE INDEX proposals_state ON proposals (state, at);
