-- The newest head of each log that a member's agents keep of their own, as it was entered in the
-- exchange's log; entry is the index of that leaf, breaks how often the log did not continue.
CREATE TABLE anchor ( -- distributed by member_id
  member_id BIGINT NOT NULL,
  log       BYTEA  NOT NULL,
  size      BIGINT NOT NULL,
  root      BYTEA  NOT NULL,
  breaks    BIGINT NOT NULL,
  entry     BIGINT NOT NULL,
  at        BIGINT NOT NULL,
  PRIMARY KEY (member_id, log)
);
