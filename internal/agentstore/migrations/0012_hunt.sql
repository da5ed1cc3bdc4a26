-- When signals became matchable here: a rising number, one for all that one change of the
-- replica brought. A row stands exactly while the engine holds the signal; what is restored
-- after a suspension arrives anew.
CREATE TABLE arrivals (
  signal  BIGINT PRIMARY KEY, -- clustered
  arrival BIGINT NOT NULL
);
CREATE INDEX arrivals_arrival ON arrivals (arrival);

-- Hunts by name: what of the member's own files was looked at, and for which signals.
CREATE TABLE hunts (
  id    BIGINT PRIMARY KEY,
  name  TEXT NOT NULL UNIQUE,
  begun BIGINT NOT NULL,
  at    BIGINT NOT NULL
);

-- A file that was looked at in whole. item and content are digests under a key of this
-- installation, of the path and of the bytes; modified is in nanoseconds, and 0 if it cannot
-- be relied on; looked is the arrival up to which it was looked at; reading says by which
-- rules; trouble is what could not be looked at, a JSON list.
CREATE TABLE hunted (
  hunt     BIGINT NOT NULL,
  item     BYTEA NOT NULL,
  size     BIGINT NOT NULL,
  modified BIGINT NOT NULL,
  content  BYTEA NOT NULL,
  looked   BIGINT NOT NULL,
  reading  TEXT NOT NULL,
  trouble  TEXT NOT NULL,
  PRIMARY KEY (hunt, item) -- clustered
);

-- The pieces of a large file that were looked at: those of a file that is not done yet, and
-- of one that is, so that what grew is looked at where it grew. piece is a keyed digest of
-- the bytes and of where they stand; pass is that in which it was last seen.
CREATE TABLE hunted_pieces (
  hunt    BIGINT NOT NULL,
  item    BYTEA NOT NULL,
  piece   BYTEA NOT NULL,
  pass    BIGINT NOT NULL,
  looked  BIGINT NOT NULL,
  trouble TEXT NOT NULL,
  PRIMARY KEY (hunt, item, piece) -- clustered
);
