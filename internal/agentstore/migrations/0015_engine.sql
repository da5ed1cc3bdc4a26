-- What stopped being matchable since the engine's files were saved last, under a rising
-- number: a start takes it out of them. A signal that arrived again stands in arrivals.
CREATE TABLE departures (
  number BIGINT NOT NULL,
  signal BIGINT NOT NULL,
  PRIMARY KEY (number, signal) -- clustered
);

-- Active signals that this version cannot read. A start that reads no signal must know them.
CREATE TABLE unread (
  signal BIGINT PRIMARY KEY -- clustered
);

-- The few suspended signals are looked for at every start.
CREATE INDEX replica_masked ON replica (state) WHERE state <> 'active';
