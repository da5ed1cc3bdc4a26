-- What a member was handed by reading a feed without a filter: everything active at the places
-- above after_seq and up to upto. The ranges of one member in one program do not overlap.
-- A row speaks of what stands at those places today: before a placement moves, its readers
-- are entered in recipient one by one.
CREATE TABLE reading ( -- distributed by program_id
  program_id BIGINT NOT NULL,
  member_id  BIGINT NOT NULL,
  after_seq  BIGINT NOT NULL,
  upto       BIGINT NOT NULL,
  sent_at    BIGINT NOT NULL,
  PRIMARY KEY (program_id, member_id, upto)
);

-- special marks places that a reader must look at closer: imminent, linked, moved since it
-- was first placed, or on a value that several members have an opinion on. Few are.
ALTER TABLE placement ADD COLUMN special BOOLEAN NOT NULL DEFAULT FALSE;
UPDATE placement SET special = TRUE;
CREATE INDEX placement_special ON placement (program_id, seq) WHERE special;
