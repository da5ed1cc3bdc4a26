package agentstore

import (
	"context"
	"database/sql"
	"errors"
	"strconv"
	"strings"
	"time"

	"lantern"
	"lantern/internal/sqldb"
)

// The names of the rows of the table state.
const (
	StateMember     = "member"     // the member's id
	StateLogKey     = "log-key"    // the pinned verifier key of the exchange's log
	StateCheckpoint = "checkpoint" // the newest checkpoint verified, as signed
	StateChecked    = "checked"    // when, in microseconds
	StateLeaf       = "leaf"       // the highest log entry the agent was told of
	StateRestore    = "restore"    // the entry of the newest restore of the exchange that is known and was looked at; -1 for none
	StateFault      = "fault"      // how the log contradicted itself
	StateJournal    = "journal"    // the name of the journal of events: another database has another
	StateTold       = "told"       // what was last told of the agent's freshness
	StateFence      = "fence"      // how often something stopped matching, as the fence counts it
	StateBack       = "back"       // the database went back, and not every feed was read again since
	StateLoss       = "loss"       // when the database was mended, and the tables of which not everything could be read
	StateWentBack   = "went back"  // when the database was found to have gone back
	StateArrival    = "arrival"    // the highest number given to signals that became matchable
	StateDeparture  = "departure"  // the highest number given to signals that stopped being matchable
	StateForgotten  = "forgotten"  // the highest departure that was forgotten
	StateEngine     = "engine"     // a name for the pair of this database and the engine's files
	StateWhole      = "whole"      // the last check that found the engine's files whole: its number, and when it began
	StateDoubt      = "doubt"      // between when and when lookups may have missed something, for damage of the engine's files
	StateFreed      = "freed"      // when values were last deleted whose bytes are not yet overwritten
)

// toldFor is how long an agent says what befell what it keeps.
const toldFor = 30 * 24 * time.Hour

// Told reads when something befell what an agent keeps, in the form of RFC 3339. ok is false
// if that is too long ago to be told, or nothing did.
func Told(at string, now time.Time) (t time.Time, ok bool) {
	t, err := time.Parse(time.RFC3339, at)
	return t, err == nil && now.Sub(t) <= toldFor
}

// SaveLoss notes when the database was mended, and of which tables not everything could be read.
func SaveLoss(ctx context.Context, tx *sqldb.Tx, now time.Time, tables []string) error {
	return SaveState(ctx, tx, StateLoss, now.UTC().Format(time.RFC3339)+" "+strings.Join(tables, ", "))
}

// LossText says what [SaveLoss] noted, "" if nothing is to be told.
func LossText(state map[string]string, now time.Time) string {
	at, tables, found := strings.Cut(state[StateLoss], " ")
	t, ok := Told(at, now)
	if !found || !ok {
		return ""
	}
	return "the agent's database was damaged and mended on " + t.Format(time.DateOnly) + "; not everything could be read of: " + tables
}

// LoadState returns every row of the table state.
func LoadState(ctx context.Context, tx *sqldb.Tx) (map[string]string, error) {
	rows, err := tx.Query(ctx, `SELECT name, value FROM state`)
	all := make(map[string]string)
	err = eachRow(rows, err, func() error {
		var name, value string
		if err := rows.Scan(&name, &value); err != nil {
			return err
		}
		all[name] = value
		return nil
	})
	return all, err
}

// SaveState sets one row.
func SaveState(ctx context.Context, tx *sqldb.Tx, name, value string) error {
	_, err := tx.Exec(ctx, `INSERT INTO state (name, value) VALUES ($1, $2)
		ON CONFLICT (name) DO UPDATE SET value = excluded.value`, name, value)
	return err
}

// DropState deletes a row if it still has the value that was read.
func DropState(ctx context.Context, tx *sqldb.Tx, name, value string) error {
	_, err := tx.Exec(ctx, `DELETE FROM state WHERE name = $1 AND value = $2`, name, value)
	return err
}

// RaiseLeaf keeps the highest log entry the agent was told of.
func RaiseLeaf(ctx context.Context, tx *sqldb.Tx, leaf int64) error {
	var text string
	err := tx.QueryRow(ctx, `SELECT value FROM state WHERE name = $1`, StateLeaf).Scan(&text)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return err
	}
	if old, err := strconv.ParseInt(text, 10, 64); err == nil && old >= leaf {
		return nil
	}
	return SaveState(ctx, tx, StateLeaf, strconv.FormatInt(leaf, 10))
}

// ProgramRow is how far one feed was followed.
type ProgramRow struct {
	ID         lantern.ID
	Name       string
	Policy     string // JSON
	Cursor     lantern.Cursor
	Seq        int64
	Generation int64
	Loaded     bool
	Contact    time.Time
}

const programColumns = `program, name, policy, cursor, seq, generation, loaded, contact`

func (p *ProgramRow) scan(row interface{ Scan(...any) error }) error {
	var contact int64
	err := row.Scan(&p.ID, &p.Name, &p.Policy, &p.Cursor, &p.Seq, &p.Generation, &p.Loaded, &contact)
	p.Contact = FromMicros(contact)
	return err
}

// LoadPrograms returns the programs the agent follows, in the order of their ids.
func LoadPrograms(ctx context.Context, tx *sqldb.Tx) ([]ProgramRow, error) {
	rows, err := tx.Query(ctx, `SELECT `+programColumns+` FROM programs ORDER BY program`)
	return collect(rows, err, func(p *ProgramRow) error { return p.scan(rows) })
}

// LoadProgram returns one program; found is false if the agent does not follow it.
func LoadProgram(ctx context.Context, tx *sqldb.Tx, id lantern.ID) (p ProgramRow, found bool, err error) {
	err = p.scan(tx.QueryRow(ctx, `SELECT `+programColumns+` FROM programs WHERE program = $1`, id))
	if errors.Is(err, sql.ErrNoRows) {
		return p, false, nil
	}
	return p, err == nil, err
}

// SaveProgram adds a program or changes its name and policy; where its feed stands stays.
func SaveProgram(ctx context.Context, tx *sqldb.Tx, id lantern.ID, name, policy string) error {
	_, err := tx.Exec(ctx, `INSERT INTO programs (program, name, policy, cursor, seq, generation, loaded, contact)
		VALUES ($1, $2, $3, '', 0, 1, FALSE, 0)
		ON CONFLICT (program) DO UPDATE SET name = excluded.name, policy = excluded.policy`, id, name, policy)
	return err
}

// AdvanceProgram records that a page was applied.
func AdvanceProgram(ctx context.Context, tx *sqldb.Tx, p ProgramRow) error {
	_, err := tx.Exec(ctx, `UPDATE programs SET cursor = $1, seq = $2, generation = $3, loaded = $4, contact = $5
		WHERE program = $6`, p.Cursor, p.Seq, p.Generation, p.Loaded, Micros(p.Contact), p.ID)
	return err
}

// LoadLane returns how far the lane of a program was followed.
func LoadLane(ctx context.Context, tx *sqldb.Tx, id lantern.ID) (c lantern.Cursor, err error) {
	err = tx.QueryRow(ctx, `SELECT lane FROM programs WHERE program = $1`, id).Scan(&c)
	if absent(err) {
		err = lantern.Errorf(lantern.NotFound, "the program was left")
	}
	return c, err
}

// SaveLane records that a page of the lane was applied.
func SaveLane(ctx context.Context, tx *sqldb.Tx, id lantern.ID, c lantern.Cursor) error {
	_, err := tx.Exec(ctx, `UPDATE programs SET lane = $1 WHERE program = $2`, c, id)
	return err
}

// ForgetFeeds has every feed read as if never before: nothing of what they brought is left.
func ForgetFeeds(ctx context.Context, tx *sqldb.Tx) error {
	_, err := tx.Exec(ctx, `UPDATE programs SET cursor = '', lane = '', seq = 0, generation = 1, loaded = FALSE`)
	return err
}

// TouchProgram records a contact that brought nothing.
func TouchProgram(ctx context.Context, tx *sqldb.Tx, id lantern.ID, at time.Time) error {
	_, err := tx.Exec(ctx, `UPDATE programs SET contact = $1 WHERE program = $2`, Micros(at), id)
	return err
}

// DeleteProgram forgets a program; its placements must be dropped before.
func DeleteProgram(ctx context.Context, tx *sqldb.Tx, id lantern.ID) error {
	_, err := tx.Exec(ctx, `DELETE FROM programs WHERE program = $1`, id)
	return err
}

// Micros is how times stand in the database: microseconds since 1970, 0 for none.
func Micros(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMicro()
}

// FromMicros reads what micros writes.
func FromMicros(us int64) time.Time {
	if us == 0 {
		return time.Time{}
	}
	return time.UnixMicro(us).UTC()
}

// list writes "($from, $from+1, …)" for n arguments.
func list(from, n int) string {
	b := make([]byte, 0, 5*n+1)
	for i := range n {
		b = append(b, "(,"[min(i, 1)], '$')
		b = strconv.AppendInt(b, int64(from+i), 10)
	}
	return string(append(b, ')'))
}

// maxList bounds the arguments of one list.
const maxList = 200

// listed returns how many arguments a list of n items has: a list is filled up by repeating
// the last one, so that there are few different statements to prepare and keep.
func listed(n int) int {
	size := 1
	for size < n {
		size *= 2
	}
	return min(size, maxList)
}

// inChunks calls fn with the items, at most maxList at a time, as arguments for a list of
// which it does not matter that an item may stand in it more than once.
func inChunks[T any](items []T, fn func(args []any) error) error {
	for len(items) > 0 {
		n := min(len(items), maxList)
		args := make([]any, listed(n))
		for i := range args {
			args[i] = items[min(i, n-1)]
		}
		if err := fn(args); err != nil {
			return err
		}
		items = items[n:]
	}
	return nil
}
