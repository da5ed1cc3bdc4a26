-- The exchange's schema, one text for both engines (see the portable subset in package
-- sqldb). Times are microseconds since 1970 UTC; 0 means never. Each table says how a
-- distributed PostgreSQL would place it; its keys contain that column.

CREATE TABLE member ( -- reference
  id         BIGINT PRIMARY KEY,
  name       TEXT   NOT NULL,
  kind       TEXT   NOT NULL,
  state      TEXT   NOT NULL,
  created_at BIGINT NOT NULL
);

CREATE TABLE person ( -- reference
  id            BIGINT PRIMARY KEY,
  member_id     BIGINT NOT NULL REFERENCES member (id),
  label         TEXT   NOT NULL,
  roles         TEXT   NOT NULL,
  trained_until BIGINT NOT NULL,
  created_at    BIGINT NOT NULL
);
CREATE INDEX person_member ON person (member_id);

CREATE TABLE service ( -- reference
  id             BIGINT PRIMARY KEY,
  member_id      BIGINT NOT NULL REFERENCES member (id),
  name           TEXT   NOT NULL,
  responsible_id BIGINT NOT NULL REFERENCES person (id),
  created_at     BIGINT NOT NULL
);
CREATE INDEX service_member ON service (member_id);

CREATE TABLE credential ( -- reference
  id          BIGINT PRIMARY KEY,
  member_id   BIGINT NOT NULL REFERENCES member (id),
  person_id   BIGINT NOT NULL,
  service_id  BIGINT NOT NULL,
  secret_hash BYTEA  NOT NULL,
  scopes      TEXT   NOT NULL,
  created_at  BIGINT NOT NULL,
  expires_at  BIGINT NOT NULL,
  revoked_at  BIGINT NOT NULL
);
CREATE INDEX credential_member ON credential (member_id);

CREATE TABLE program ( -- reference
  id         BIGINT PRIMARY KEY,
  name       TEXT   NOT NULL,
  purpose    TEXT   NOT NULL,
  policy     TEXT   NOT NULL,
  created_at BIGINT NOT NULL
);

-- The head of each program's feed: the last seq given, the last time, and the purge
-- horizon (seqs at or below it may have lost tombstones).
CREATE TABLE program_head ( -- local
  program_id BIGINT PRIMARY KEY,
  seq        BIGINT NOT NULL,
  last_at    BIGINT NOT NULL,
  horizon    BIGINT NOT NULL
);

CREATE TABLE membership ( -- reference
  program_id BIGINT NOT NULL REFERENCES program (id),
  member_id  BIGINT NOT NULL REFERENCES member (id),
  direction  TEXT   NOT NULL,
  epoch      BIGINT NOT NULL,
  joined_at  BIGINT NOT NULL,
  left_at    BIGINT NOT NULL,
  PRIMARY KEY (program_id, member_id)
);
CREATE INDEX membership_member ON membership (member_id);

-- One member's opinion on one value. skey is the keyed index of (type, canonical value),
-- null once erased; value and note are sealed under the key in table secret.
CREATE TABLE signal ( -- distributed by member_id
  member_id  BIGINT  NOT NULL,
  id         BIGINT  NOT NULL,
  type       TEXT    NOT NULL,
  skey       BYTEA,
  state      TEXT    NOT NULL,
  status     TEXT    NOT NULL,
  imminent   BOOLEAN NOT NULL,
  opinion    TEXT    NOT NULL,
  content    BYTEA   NOT NULL,
  value      BYTEA,
  note       BYTEA,
  expires_at BIGINT  NOT NULL,
  created_at BIGINT  NOT NULL,
  updated_at BIGINT  NOT NULL,
  PRIMARY KEY (member_id, id),
  UNIQUE (member_id, type, skey)
);
CREATE INDEX signal_id ON signal (id);
CREATE INDEX signal_expiry ON signal (expires_at);

-- The wrapped data keys, alone in a small table that is cheap to scrub: destroying a row
-- makes everything sealed for that signal unreadable for good.
CREATE TABLE secret ( -- distributed by member_id
  member_id BIGINT NOT NULL,
  signal_id BIGINT NOT NULL,
  wrapped   BYTEA  NOT NULL,
  PRIMARY KEY (member_id, signal_id)
);

-- Where a signal is shared, and at once its entry in the feed: seq is its latest place.
-- value_id is 8 bytes of a keyed digest of (program, type, value), null once erased.
CREATE TABLE placement ( -- distributed by program_id
  program_id BIGINT NOT NULL,
  signal_id  BIGINT NOT NULL,
  member_id  BIGINT NOT NULL,
  value_id   BYTEA,
  seq        BIGINT NOT NULL,
  changed_at BIGINT NOT NULL,
  PRIMARY KEY (program_id, signal_id),
  UNIQUE (program_id, seq)
);
CREATE INDEX placement_signal ON placement (signal_id);
CREATE INDEX placement_value ON placement (program_id, value_id);

CREATE TABLE link ( -- distributed by member_id
  member_id BIGINT NOT NULL,
  signal_id BIGINT NOT NULL,
  kind      TEXT   NOT NULL,
  target_id BIGINT NOT NULL,
  PRIMARY KEY (member_id, signal_id, kind, target_id)
);
CREATE INDEX link_target ON link (target_id);

-- Who was ever sent a signal. It outlives the value: corrections go by it.
CREATE TABLE recipient ( -- distributed by signal_id
  signal_id BIGINT NOT NULL,
  member_id BIGINT NOT NULL,
  sent_at   BIGINT NOT NULL,
  PRIMARY KEY (signal_id, member_id)
);

CREATE TABLE feedback ( -- distributed by signal_id
  signal_id BIGINT NOT NULL,
  member_id BIGINT NOT NULL,
  reaction  TEXT   NOT NULL,
  id        BIGINT NOT NULL,
  at        BIGINT NOT NULL,
  PRIMARY KEY (signal_id, member_id, reaction)
);

CREATE TABLE outcome ( -- reference
  id          BIGINT PRIMARY KEY,
  member_id   BIGINT NOT NULL,
  program_id  BIGINT NOT NULL,
  kind        TEXT   NOT NULL,
  count       BIGINT NOT NULL,
  attestation TEXT   NOT NULL,
  digest      TEXT   NOT NULL,
  corrects_id BIGINT NOT NULL,
  at          BIGINT NOT NULL
);
CREATE INDEX outcome_member ON outcome (member_id);

CREATE TABLE outcome_signal ( -- distributed by signal_id
  signal_id  BIGINT NOT NULL,
  outcome_id BIGINT NOT NULL,
  PRIMARY KEY (signal_id, outcome_id)
);
CREATE INDEX outcome_signal_outcome ON outcome_signal (outcome_id);

-- note is sealed under the key of the signal, and falls with it.
CREATE TABLE challenge ( -- reference
  id          BIGINT  PRIMARY KEY,
  signal_id   BIGINT  NOT NULL,
  owner_id    BIGINT  NOT NULL,
  member_id   BIGINT  NOT NULL,
  person_id   BIGINT  NOT NULL,
  reason      TEXT    NOT NULL,
  note        BYTEA,
  answer      BYTEA,
  imminent    BOOLEAN NOT NULL,
  state       TEXT    NOT NULL,
  opened_at   BIGINT  NOT NULL,
  deadline_at BIGINT  NOT NULL,
  decided_at  BIGINT  NOT NULL
);
CREATE INDEX challenge_signal ON challenge (signal_id);

CREATE TABLE correction ( -- reference
  id        BIGINT PRIMARY KEY,
  signal_id BIGINT NOT NULL,
  owner_id  BIGINT NOT NULL,
  type      TEXT   NOT NULL,
  kind      TEXT   NOT NULL,
  opened_at BIGINT NOT NULL
);
CREATE INDEX correction_signal ON correction (signal_id);

CREATE TABLE receivership ( -- reference
  correction_id BIGINT NOT NULL,
  member_id     BIGINT NOT NULL,
  sent_at       BIGINT NOT NULL,
  masked_at     BIGINT NOT NULL,
  purged_at     BIGINT NOT NULL,
  PRIMARY KEY (correction_id, member_id)
);
CREATE INDEX receivership_member ON receivership (member_id);

-- Values whose signal fell to an upheld challenge, as a keyed mark made for this one
-- purpose: a re-share is held. It expires.
CREATE TABLE marker ( -- reference
  type       TEXT   NOT NULL,
  mark       BYTEA  NOT NULL,
  expires_at BIGINT NOT NULL,
  PRIMARY KEY (type, mark)
);

CREATE TABLE idempotency ( -- distributed by member_id
  member_id BIGINT NOT NULL,
  mark      BYTEA  NOT NULL,
  digest    BYTEA  NOT NULL,
  status    BIGINT NOT NULL,
  answer    BYTEA  NOT NULL,
  at        BIGINT NOT NULL,
  PRIMARY KEY (member_id, mark)
);

-- What erasures still owe: the newest erasure, and the newest whose bytes were destroyed in
-- the files by the scrub of this name.
CREATE TABLE scrub ( -- local
  name     TEXT   PRIMARY KEY,
  asked_at BIGINT NOT NULL,
  done_at  BIGINT NOT NULL
);

-- The log. The head row is read and written by every transaction that changes anything.
CREATE TABLE log_head ( -- local
  id      BIGINT PRIMARY KEY,
  edge    BYTEA  NOT NULL,
  last_at BIGINT NOT NULL
);

CREATE TABLE leaf ( -- distributed by idx
  idx         BIGINT PRIMARY KEY,
  data        BYTEA  NOT NULL,
  actor_id    BIGINT NOT NULL,
  owner_id    BIGINT NOT NULL,
  signal_id   BIGINT NOT NULL,
  facts       TEXT   NOT NULL,
  facts_salt  BYTEA  NOT NULL,
  person      BYTEA,
  person_salt BYTEA,
  commitment  BYTEA  NOT NULL
);
CREATE INDEX leaf_signal ON leaf (signal_id);

CREATE TABLE tile ( -- distributed by n
  level BIGINT NOT NULL,
  n     BIGINT NOT NULL,
  data  BYTEA  NOT NULL,
  root  BYTEA  NOT NULL,
  PRIMARY KEY (level, n)
);
