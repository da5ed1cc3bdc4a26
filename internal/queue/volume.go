package queue

import (
	"context"
	"time"

	"lantern"
	"lantern/internal/agentstore"
	"lantern/internal/sqldb"
)

// counted is what volume is counted by.
type counted struct {
	program  lantern.ID
	kind     lantern.SignalType
	how      lantern.How
	distance int
}

// Count counts matches that would have been hits, in shadow mode.
func Count(ctx context.Context, tx *sqldb.Tx, matches []lantern.Match, now time.Time) error {
	ids := make([]lantern.ID, len(matches))
	for i := range matches {
		ids[i] = matches[i].Signal
	}
	places, err := agentstore.LoadPlaces(ctx, tx, ids)
	if err != nil {
		return err
	}
	counts := make(map[counted]int)
	for i := range matches {
		m := &matches[i]
		for _, p := range places[m.Signal] {
			counts[counted{p, m.Type, m.How, m.Distance}]++
		}
	}
	var rows []agentstore.VolumeRow
	for c, n := range counts {
		rows = append(rows, agentstore.VolumeRow{Day: agentstore.Day(now), Program: c.program, Kind: c.kind, How: c.how, Distance: c.distance, Matches: n})
	}
	return agentstore.AddVolume(ctx, tx, rows)
}

// Volume returns what was counted since a day, the zero time for all that is kept.
func Volume(ctx context.Context, tx *sqldb.Tx, since time.Time) (v lantern.Volume, err error) {
	v.Items = []lantern.VolumeCount{}
	names := make(map[lantern.ID]string)
	programs, err := agentstore.LoadPrograms(ctx, tx)
	if err != nil {
		return v, err
	}
	for _, p := range programs {
		names[p.ID] = p.Name
	}
	from := int64(0)
	if !since.IsZero() {
		from = agentstore.Day(since)
	}
	rows, first, err := agentstore.LoadVolume(ctx, tx, from)
	for _, r := range rows {
		v.Items = append(v.Items, lantern.VolumeCount{Program: r.Program, Name: names[r.Program], Type: r.Kind, How: r.How, Distance: r.Distance, Matches: r.Matches})
	}
	if len(rows) > 0 {
		v.Since = time.Unix(first*24*60*60, 0).UTC()
	}
	return v, err
}
