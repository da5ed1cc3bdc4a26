-- Lists of corrections: a page costs what is on it, what a member owes costs what it owes.
CREATE INDEX correction_opened ON correction (opened_at, id);
DROP INDEX receivership_member;
CREATE INDEX receivership_owed ON receivership (member_id, purged_at);

-- How often a sharer's signals fell to challenges.
DROP INDEX correction_owner;
CREATE INDEX correction_upheld ON correction (owner_id, kind, opened_at);
