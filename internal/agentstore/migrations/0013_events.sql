-- What happened that the member's own systems are told of, in the order of commits. Rows
-- are written with what they tell of. urgent is 1 for what goes before all else. object is
-- what the type says; signal is 0 if it concerns none.
CREATE TABLE events (
  seq    BIGINT PRIMARY KEY,
  id     BIGINT NOT NULL,
  type   TEXT NOT NULL,
  urgent BIGINT NOT NULL,
  object BIGINT NOT NULL,
  signal BIGINT NOT NULL,
  at     BIGINT NOT NULL
);
CREATE INDEX events_lane ON events (urgent, seq);
CREATE INDEX events_id ON events (id);
CREATE INDEX events_at ON events (at);

-- The queue as it is when events begin: nobody who follows it from the beginning misses it.
INSERT INTO events (seq, id, type, urgent, object, signal, at)
  SELECT ROW_NUMBER() OVER (ORDER BY found, id), id, CASE WHEN urgency < 2 THEN 'hit.imminent' ELSE 'hit.opened' END,
    CASE WHEN urgency < 2 THEN 1 ELSE 0 END, id, signal, found
  FROM hits WHERE state = 'open';

-- The webhooks that were called, by the ids the operator's file gives them, and how they
-- fare. upto is the last event that was looked at for deliveries.
CREATE TABLE hooks (
  id        BIGINT PRIMARY KEY,
  upto      BIGINT NOT NULL,
  state     TEXT NOT NULL,
  delivered BIGINT NOT NULL,
  failing   BIGINT NOT NULL,
  failure   TEXT NOT NULL
);

-- One event on its way to one webhook. urgency orders: 0 first.
CREATE TABLE deliveries (
  hook     BIGINT NOT NULL,
  event    BIGINT NOT NULL,
  urgency  BIGINT NOT NULL,
  state    TEXT NOT NULL,
  attempts BIGINT NOT NULL,
  first    BIGINT NOT NULL,
  due      BIGINT NOT NULL,
  settled  BIGINT NOT NULL,
  status   BIGINT NOT NULL,
  failure  TEXT NOT NULL,
  PRIMARY KEY (hook, event)
);
CREATE INDEX deliveries_due ON deliveries (state, due);
