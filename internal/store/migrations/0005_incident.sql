-- Incidents: signals of one member that belong together and are read as one. A signal is
-- placed at least in the programs of its incident.
CREATE TABLE incident ( -- distributed by member_id
  member_id    BIGINT NOT NULL,
  id           BIGINT NOT NULL,
  created_at   BIGINT NOT NULL,
  withdrawn_at BIGINT NOT NULL,
  PRIMARY KEY (member_id, id)
);
CREATE INDEX incident_id ON incident (id);

CREATE TABLE incident_program ( -- distributed by member_id
  member_id   BIGINT NOT NULL,
  incident_id BIGINT NOT NULL,
  program_id  BIGINT NOT NULL,
  PRIMARY KEY (member_id, incident_id, program_id)
);

-- Which incident a signal is part of: at most one.
CREATE TABLE incident_signal ( -- distributed by member_id
  member_id   BIGINT NOT NULL,
  signal_id   BIGINT NOT NULL,
  incident_id BIGINT NOT NULL,
  PRIMARY KEY (member_id, signal_id)
);
CREATE INDEX incident_signal_incident ON incident_signal (incident_id);

-- When those concerned were last told that a challenge of an imminent signal is overdue.
ALTER TABLE challenge ADD COLUMN told_at BIGINT NOT NULL DEFAULT 0;
