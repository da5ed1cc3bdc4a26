-- How far the lane of what is imminent was followed, beside the whole feed.
ALTER TABLE programs ADD COLUMN lane TEXT NOT NULL DEFAULT '';
