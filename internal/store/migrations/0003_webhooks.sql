-- Webhooks: addresses of members that are called when something happens, what happened,
-- and how far each event has got on its way to each address.

-- URL, secret and the secret it replaced are sealed under the key in wrapped: an address
-- may itself hold a secret. No event types means all.
CREATE TABLE webhook_endpoint ( -- distributed by member_id
  member_id      BIGINT NOT NULL REFERENCES member (id),
  id             BIGINT NOT NULL,
  events         TEXT   NOT NULL,
  state          TEXT   NOT NULL,
  wrapped        BYTEA  NOT NULL,
  url            BYTEA  NOT NULL,
  secret         BYTEA  NOT NULL,
  previous       BYTEA,
  previous_until BIGINT NOT NULL,
  created_at     BIGINT NOT NULL,
  delivered_at   BIGINT NOT NULL,
  failing_since  BIGINT NOT NULL,
  failure        TEXT   NOT NULL,
  PRIMARY KEY (member_id, id)
);

-- What one member is told: ids and closed words. Kept for 30 days, to be replayed.
CREATE TABLE webhook_event ( -- distributed by member_id
  member_id  BIGINT NOT NULL,
  id         BIGINT NOT NULL,
  type       TEXT   NOT NULL,
  program_id BIGINT NOT NULL,
  signal_id  BIGINT NOT NULL,
  object_id  BIGINT NOT NULL,
  at         BIGINT NOT NULL,
  PRIMARY KEY (member_id, id)
);
CREATE INDEX webhook_event_at ON webhook_event (at);

-- Urgency 0 goes before 1. Who is about to send moves lease_until, once, and settles the
-- delivery only while that is still what it wrote: so two processes never both do.
CREATE TABLE webhook_delivery ( -- distributed by member_id
  member_id   BIGINT NOT NULL,
  endpoint_id BIGINT NOT NULL,
  event_id    BIGINT NOT NULL,
  urgency     BIGINT NOT NULL,
  state       TEXT   NOT NULL,
  attempts    BIGINT NOT NULL,
  first_at    BIGINT NOT NULL,
  due_at      BIGINT NOT NULL,
  lease_until BIGINT NOT NULL,
  settled_at  BIGINT NOT NULL,
  status      BIGINT NOT NULL,
  failure     TEXT   NOT NULL,
  PRIMARY KEY (member_id, endpoint_id, event_id)
);
CREATE INDEX webhook_delivery_due ON webhook_delivery (state, due_at);
CREATE INDEX webhook_delivery_queue ON webhook_delivery (member_id, endpoint_id, state, urgency, due_at);
CREATE INDEX webhook_delivery_event ON webhook_delivery (member_id, event_id);
