-- Signals that were suspended here or had fallen when a restore of the exchange was
-- accepted: they do not come back because the exchange's backup is older. state is what
-- they were here, "suspended" or "withdrawn"; since is the time of the acceptance there;
-- member is the sharer once the exchange showed the signal as active again, 0 before.
CREATE TABLE barred (
  signal BIGINT PRIMARY KEY,
  state  TEXT NOT NULL,
  since  BIGINT NOT NULL,
  member BIGINT NOT NULL
);
