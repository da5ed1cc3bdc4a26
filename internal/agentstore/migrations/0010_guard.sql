-- What keeps the queue of hits from doing harm. Marks are keyed digests under a key that lies
-- outside the database: nobody can tell from one what it stands for, or test a guess.

-- Matches found while their signal was suspended. Nobody can see them; sealed holds all there
-- is to say, under a key that goes with the signal. They become hits when it is restored.
CREATE TABLE held (
  signal BIGINT NOT NULL,
  mark   BYTEA NOT NULL,
  sealed BYTEA NOT NULL,
  PRIMARY KEY (signal, mark)
);

-- The wrapped key of a signal's held matches. missed counts those beyond the bound.
CREATE TABLE held_secret (
  signal  BIGINT PRIMARY KEY,
  wrapped BYTEA NOT NULL,
  missed  BIGINT NOT NULL
);

-- Signals whose matches become no hits until a person releases them: cause is "flood" or
-- "fell-before". matches counts since then, kept or not. Once released the row stays: hourly
-- is how many hits an hour the signal may make from then on.
CREATE TABLE quarantine (
  signal   BIGINT PRIMARY KEY,
  cause    TEXT NOT NULL,
  since    BIGINT NOT NULL,
  matches  BIGINT NOT NULL,
  missed   BIGINT NOT NULL,
  released BIGINT NOT NULL,
  hourly   BIGINT NOT NULL
);

-- Hits that a person dismissed and that are gone: the same evidence is no new hit.
CREATE TABLE dismissed (
  signal BIGINT NOT NULL,
  mark   BYTEA NOT NULL,
  PRIMARY KEY (signal, mark)
);
CREATE INDEX dismissed_mark ON dismissed (mark);

-- Values that fell to a challenge: a later share of one waits for a person. correction is
-- what made it fall, until the exchange said that a challenge did; only then, at 0, the mark
-- is in force. challenged says that it was suspended here when it fell.
CREATE TABLE refuted (
  mark       BYTEA PRIMARY KEY,
  correction BIGINT NOT NULL,
  challenged BOOLEAN NOT NULL,
  at         BIGINT NOT NULL,
  expires    BIGINT NOT NULL
);
CREATE INDEX refuted_correction ON refuted (correction);
CREATE INDEX refuted_expires ON refuted (expires);

-- What would have been hits in shadow mode, by day (unix days). No reference, no signal.
CREATE TABLE volume (
  day      BIGINT NOT NULL,
  program  BIGINT NOT NULL,
  type     TEXT NOT NULL,
  how      TEXT NOT NULL,
  distance BIGINT NOT NULL,
  matches  BIGINT NOT NULL,
  PRIMARY KEY (day, program, type, how, distance)
);

CREATE INDEX hits_signal ON hits (signal, found);
CREATE INDEX hits_decided ON hits (decision, decided);

-- Which entries of the agent's own log record decisions on a hit, so that their person
-- parts can go with a dismissed one.
CREATE TABLE hit_entries (
  hit   BIGINT NOT NULL,
  entry BIGINT NOT NULL,
  PRIMARY KEY (hit, entry)
);
