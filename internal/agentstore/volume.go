package agentstore

import (
	"context"
	"time"

	"lantern"
	"lantern/internal/sqldb"
)

// VolumeRow counts what would have been hits.
type VolumeRow struct {
	Day      int64 // since 1970, in UTC
	Program  lantern.ID
	Kind     lantern.SignalType
	How      lantern.How
	Distance int
	Matches  int
}

// Day is the number of a moment's day.
func Day(t time.Time) int64 { return t.Unix() / (24 * 60 * 60) }

// AddVolume adds counts. Each row of one call must differ in what it counts.
func AddVolume(ctx context.Context, tx *sqldb.Tx, counts []VolumeRow) error {
	rows := make([][]any, len(counts))
	for i, c := range counts {
		rows[i] = []any{c.Day, c.Program, c.Kind, c.How, c.Distance, c.Matches}
	}
	_, err := tx.InsertMany(ctx, "volume", []string{"day", "program", "type", "how", "distance", "matches"},
		`ON CONFLICT (day, program, type, how, distance) DO UPDATE SET matches = volume.matches + excluded.matches`, rows)
	return err
}

// LoadVolume returns the counts of the days from since, and the first of these days that
// counted something.
func LoadVolume(ctx context.Context, tx *sqldb.Tx, since int64) (counts []VolumeRow, first int64, err error) {
	rows, err := tx.Query(ctx, `SELECT MIN(day), program, type, how, distance, SUM(matches) FROM volume
		WHERE day >= $1 GROUP BY program, type, how, distance ORDER BY program, type, how, distance`, since)
	counts, err = collect(rows, err, func(c *VolumeRow) error {
		return rows.Scan(&c.Day, &c.Program, &c.Kind, &c.How, &c.Distance, &c.Matches)
	})
	for i, c := range counts {
		if i == 0 || c.Day < first {
			first = c.Day
		}
	}
	return counts, first, err
}

// DropVolume deletes the counts of days before one.
func DropVolume(ctx context.Context, tx *sqldb.Tx, before int64) error {
	_, err := tx.Exec(ctx, `DELETE FROM volume WHERE day < $1`, before)
	return err
}
