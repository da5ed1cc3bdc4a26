-- What a preview of an act in bulk showed and its act would decide: a JSON list of hits or
-- of accounts. The list is of no use without its evidence, and goes with the preview. Of
-- previews from before this it is not known: they are made again.
ALTER TABLE bulks ADD COLUMN shown TEXT NOT NULL DEFAULT '[]';
