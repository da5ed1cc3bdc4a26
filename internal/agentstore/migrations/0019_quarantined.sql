-- How many hits of a signal lie in quarantine is counted whenever more come: without looking at each.
CREATE INDEX hits_quarantined ON hits (signal) WHERE state = 'quarantined';
