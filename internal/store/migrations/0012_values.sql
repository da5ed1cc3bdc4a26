-- Clients of foreign protocols read a program by value and must be told a value to drop it.

-- told: a placement was handed out that way, under its value's id; what such clients ask by
-- that id is found by the index. Others cost nothing.
ALTER TABLE placement ADD COLUMN told BOOLEAN NOT NULL DEFAULT FALSE;
CREATE INDEX placement_told ON placement (value_id) WHERE told;

-- Of a value that several signals stand on in a program, all places are special.
CREATE INDEX placement_value ON placement (program_id, value_id) WHERE special;
UPDATE placement SET special = TRUE WHERE NOT special AND value_id IN (SELECT q.value_id FROM placement q WHERE q.special AND q.value_id IS NOT NULL);

-- A narrowed placement that was told keeps its value's id as long as its tombstone is kept.
CREATE INDEX placement_narrowed ON placement (changed_at) WHERE narrowed AND value_id IS NOT NULL;

-- told: the member was handed the signal that way, and must be told its value once it falls.
ALTER TABLE recipient ADD COLUMN told BOOLEAN NOT NULL DEFAULT FALSE;

-- Since when a member reads a program by value in the present epoch of its rights. All that
-- it may see counts as changed then, since its client cannot be told to begin anew.
CREATE TABLE value_reader ( -- distributed by program_id
  program_id BIGINT NOT NULL,
  member_id  BIGINT NOT NULL,
  epoch      BIGINT NOT NULL,
  since_at   BIGINT NOT NULL,
  PRIMARY KEY (program_id, member_id)
);
