-- Which accounts an outcome of a kind has counted: once in a case. That an account counts
-- once for the member, in whatever case, the exchange sees to by the account's token.
CREATE TABLE counted_in_case (
  kind    TEXT NOT NULL,
  account TEXT NOT NULL,
  case_id BIGINT NOT NULL,
  outcome BIGINT NOT NULL,
  PRIMARY KEY (kind, account, case_id)
);
INSERT INTO counted_in_case (kind, account, case_id, outcome)
  SELECT n.kind, n.account, o.case_id, n.outcome FROM counted n JOIN outcomes o ON o.id = n.outcome;
DROP TABLE counted;
ALTER TABLE counted_in_case RENAME TO counted;
CREATE INDEX counted_outcome ON counted (outcome);
