-- Hits of one incident stand together in the queue: where the first and gravest of them
-- stands. incident is 0 for a signal that is part of none; then lead_urgency and lead_found
-- are the hit's own.
ALTER TABLE hits ADD COLUMN incident BIGINT NOT NULL DEFAULT 0;
ALTER TABLE hits ADD COLUMN lead_urgency BIGINT NOT NULL DEFAULT 0;
ALTER TABLE hits ADD COLUMN lead_found BIGINT NOT NULL DEFAULT 0;
-- Urgency 1 is for what is imminent and weak or disputed.
UPDATE hits SET urgency = CASE WHEN urgency = 0 THEN 0 WHEN urgency = 5 THEN 1 ELSE urgency + 1 END;
UPDATE hits SET lead_urgency = urgency, lead_found = found;
DROP INDEX hits_queue;
CREATE INDEX hits_queue ON hits (state, lead_urgency, lead_found, incident, urgency, found, id);
CREATE INDEX hits_incident ON hits (incident);

-- Whether a signal that fell was imminent: its task comes first.
ALTER TABLE tasks ADD COLUMN imminent BOOLEAN NOT NULL DEFAULT FALSE;
