-- A share writes to every index of four tables, and each index with keys in random order costs
-- a page a row. So a signal has one random key, the keyed index of its value, in one index
-- that serves two questions: has this member a signal on the value, and who else has. Ids
-- are drawn from blocks and rise, so that whatever is found by id is written at one end. Rows
-- that are found by their key alone lie in its index. Half of the keyed digest is enough.

CREATE TABLE signal_next ( -- distributed by member_id
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
  PRIMARY KEY (id, member_id), -- clustered
  UNIQUE (skey, member_id)
);
INSERT INTO signal_next (member_id, id, type, skey, state, status, imminent, opinion, content, value, note, expires_at, created_at, updated_at)
  SELECT member_id, id, type, SUBSTR(skey, 1, 16), state, status, imminent, opinion, content, value, note, expires_at, created_at, updated_at FROM signal;
DROP TABLE signal;
ALTER TABLE signal_next RENAME TO signal;
CREATE INDEX signal_expiry ON signal (expires_at);

CREATE TABLE secret_next ( -- distributed by member_id
  member_id BIGINT NOT NULL,
  signal_id BIGINT NOT NULL,
  wrapped   BYTEA  NOT NULL,
  PRIMARY KEY (signal_id, member_id) -- clustered
);
INSERT INTO secret_next (member_id, signal_id, wrapped) SELECT member_id, signal_id, wrapped FROM secret;
DROP TABLE secret;
ALTER TABLE secret_next RENAME TO secret;

CREATE TABLE placement_next ( -- distributed by program_id
  program_id BIGINT NOT NULL,
  signal_id  BIGINT NOT NULL,
  member_id  BIGINT NOT NULL,
  value_id   BYTEA,
  seq        BIGINT NOT NULL,
  changed_at BIGINT NOT NULL,
  PRIMARY KEY (signal_id, program_id), -- clustered
  UNIQUE (program_id, seq)
);
INSERT INTO placement_next (program_id, signal_id, member_id, value_id, seq, changed_at)
  SELECT program_id, signal_id, member_id, value_id, seq, changed_at FROM placement;
DROP TABLE placement;
ALTER TABLE placement_next RENAME TO placement;

-- The last block of signal ids that a process took; see exchange/ids.go.
CREATE TABLE id_block ( -- local
  id   BIGINT PRIMARY KEY,
  last BIGINT NOT NULL
);
