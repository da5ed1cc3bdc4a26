-- Where a signal is shared, found by the signal first: one tree in place of three, as every
-- signal of a snapshot gets a row here. What is asked by program alone (what a resync did
-- not bring again, how many there are) goes through the table.
CREATE TABLE placement_by_signal (
  signal     BIGINT NOT NULL,
  program    BIGINT NOT NULL,
  state      TEXT NOT NULL,
  seq        BIGINT NOT NULL,
  generation BIGINT NOT NULL,
  PRIMARY KEY (signal, program) -- clustered
);
INSERT INTO placement_by_signal (signal, program, state, seq, generation)
  SELECT signal, program, state, seq, generation FROM placement;
DROP TABLE placement;
ALTER TABLE placement_by_signal RENAME TO placement;
