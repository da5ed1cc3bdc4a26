package store

import (
	"context"
	"encoding/binary"
	"fmt"
	"slices"
	"strings"
	"time"

	"lantern"
	"lantern/internal/sqldb"
)

// Placement is where a signal is shared and its entry in that program's feed.
type Placement struct {
	Program lantern.ID
	Signal  lantern.ID
	Member  lantern.ID
	Value   lantern.ID
	Seq     int64
	Changed time.Time
	Special bool // a reader must look closer; see the schema. Written, not read back

	// Narrowed says that the signal was taken out of the program, while it stands in another: the
	// entry is a tombstone of this place alone. Read, and written by [NarrowPlacement].
	Narrowed bool
}

const placementColumns = `p.program_id, p.signal_id, p.member_id, p.value_id, p.seq, p.changed_at, p.narrowed`

func scanPlacement(s scanner) (p Placement, err error) {
	var changed int64
	var value []byte
	err = s.Scan(&p.Program, &p.Signal, &p.Member, &value, &p.Seq, &changed, &p.Narrowed)
	p.Value, p.Changed = fromValueKey(value), fromMicros(changed)
	return p, err
}

// valueKey is a value's id as a column holds it, nil for none. It is a keyed digest, and the
// engines keep samples of numbers, but not of bytes, outside the table.
func valueKey(id lantern.ID) []byte {
	if id == 0 {
		return nil
	}
	return binary.BigEndian.AppendUint64(nil, uint64(id))
}

// fromValueKey reads what valueKey wrote.
func fromValueKey(b []byte) lantern.ID {
	if len(b) != 8 {
		return 0
	}
	return lantern.ID(binary.BigEndian.Uint64(b))
}

// InsertPlacements stores new placements.
func InsertPlacements(ctx context.Context, tx *sqldb.Tx, list []Placement) error {
	return putPlacements(ctx, tx, list, "")
}

func putPlacements(ctx context.Context, tx *sqldb.Tx, list []Placement, suffix string) error {
	rows := make([][]any, len(list))
	for i, p := range list {
		rows[i] = []any{int64(p.Program), int64(p.Signal), int64(p.Member), valueKey(p.Value), p.Seq, micros(p.Changed), p.Special}
	}
	_, err := tx.InsertMany(ctx, "placement", []string{"program_id", "signal_id", "member_id", "value_id", "seq", "changed_at", "special"}, suffix, rows)
	return err
}

// MarkSpecial marks every placement of the signals; see the schema.
func MarkSpecial(ctx context.Context, tx *sqldb.Tx, signals []lantern.ID) error {
	for start := 0; start < len(signals); start += insertRows {
		chunk := signals[start:min(start+insertRows, len(signals))]
		_, err := tx.Exec(ctx, `UPDATE placement SET special = TRUE WHERE NOT special AND signal_id IN (`+places(1, len(chunk))+`)`,
			identities(chunk)...)
		if err != nil {
			return err
		}
	}
	return nil
}

// PlacementsOf reads where a signal is shared: without the programs it was taken out of.
func PlacementsOf(ctx context.Context, tx *sqldb.Tx, signal lantern.ID) ([]Placement, error) {
	list, err := EveryPlacementOf(ctx, tx, signal)
	return slices.DeleteFunc(list, func(p Placement) bool { return p.Narrowed }), err
}

// EveryPlacementOf reads the entries of signals in all feeds, tombstones of narrowed
// placements included.
func EveryPlacementOf(ctx context.Context, tx *sqldb.Tx, signals ...lantern.ID) (list []Placement, err error) {
	for chunk := range slices.Chunk(signals, insertRows) {
		rows, err := tx.Query(ctx, `SELECT `+placementColumns+` FROM placement p WHERE p.signal_id IN (`+places(1, len(chunk))+`)
			ORDER BY p.signal_id, p.program_id`, identities(chunk)...)
		part, err := all(rows, err, "placements", scanPlacement)
		if err != nil {
			return nil, err
		}
		list = append(list, part...)
	}
	return list, nil
}

// NarrowPlacement ends one placement of a signal that stands elsewhere, and moves it to
// p.Seq at p.Changed. What is left is a tombstone of this place, which keeps its value's id if
// clients must be told of it by that.
func NarrowPlacement(ctx context.Context, tx *sqldb.Tx, p Placement) error {
	if err := MovePlacements(ctx, tx, []Placement{p}); err != nil {
		return err
	}
	_, err := tx.Exec(ctx, `UPDATE placement SET narrowed = TRUE, value_id = CASE WHEN told THEN value_id ELSE NULL END WHERE program_id = $1 AND signal_id = $2`, p.Program, p.Signal)
	return err
}

// DropNarrowed makes room for a signal in programs that it was taken out of: its entry
// there comes again at a later place.
func DropNarrowed(ctx context.Context, tx *sqldb.Tx, signal lantern.ID, programs []lantern.ID) error {
	for _, p := range programs {
		if _, err := tx.Exec(ctx, `DELETE FROM placement WHERE program_id = $1 AND signal_id = $2 AND narrowed`, p, signal); err != nil {
			return err
		}
	}
	return nil
}

// MovePlacements gives placements new places at the end of their feeds. Each must be there,
// and be named once. Who was sent the signals there is entered first, by the state the
// signals are in: see [UpdateSignal].
func MovePlacements(ctx context.Context, tx *sqldb.Tx, list []Placement) error {
	signals := make([]lantern.ID, len(list))
	for i, p := range list {
		signals[i] = p.Signal
	}
	if err := spellOut(ctx, tx, signals...); err != nil {
		return err
	}
	if len(list) == 1 {
		p := list[0]
		_, err := tx.Exec(ctx, `UPDATE placement SET seq = $3, changed_at = $4, special = TRUE WHERE program_id = $1 AND signal_id = $2`,
			p.Program, p.Signal, p.Seq, micros(p.Changed))
		return err
	}
	// Rows that are there are updated so as well, a hundred in a statement that both engines take.
	return putPlacements(ctx, tx, list, "ON CONFLICT (signal_id, program_id) DO UPDATE SET seq = excluded.seq, changed_at = excluded.changed_at, special = TRUE")
}

// Sibling is an active placement of a signal on a value that others have an opinion on too.
type Sibling struct {
	Placement
	Key    string // keyed index of the value
	Status lantern.Status
}

// Opinion is a signal on a value, living or not.
type Opinion struct {
	Signal, Member lantern.ID
	Key            string // keyed index of the value
	State          lantern.SignalState
	Status         lantern.Status
}

// Opinions reads the signals on any of the values, named by their keyed index. Nearly always
// there are none. Nothing else is asked for: a planner knows nothing of the keys, and would
// begin with whatever else it is given.
func Opinions(ctx context.Context, tx *sqldb.Tx, keys [][]byte) ([]Opinion, error) {
	var found []Opinion
	for chunk := range slices.Chunk(keys, insertRows) {
		list := make([]any, len(chunk))
		for i, k := range chunk {
			list[i] = k
		}
		rows, err := tx.Query(ctx, `SELECT id, member_id, skey, state, status FROM signal WHERE skey IN (`+places(1, len(chunk))+`)`, list...)
		got, err := all(rows, err, "opinions", func(s scanner) (o Opinion, err error) {
			var key []byte
			err = s.Scan(&o.Signal, &o.Member, &key, &o.State, &o.Status)
			o.Key = string(key)
			return o, err
		})
		if err != nil {
			return nil, err
		}
		found = append(found, got...)
	}
	return found, nil
}

// Siblings reads where those of the signals that are active are placed, in whichever
// programs.
func Siblings(ctx context.Context, tx *sqldb.Tx, opinions []Opinion) ([]Sibling, error) {
	active := map[lantern.ID]Opinion{}
	var ids []any
	for _, o := range opinions {
		if o.State == lantern.Active {
			active[o.Signal], ids = o, append(ids, o.Signal)
		}
	}
	var found []Sibling
	for chunk := range slices.Chunk(ids, insertRows) {
		rows, err := tx.Query(ctx, `SELECT `+placementColumns+` FROM placement p
			WHERE NOT p.narrowed AND p.signal_id IN (`+places(1, len(chunk))+`)`, chunk...)
		got, err := all(rows, err, "siblings", scanPlacement)
		if err != nil {
			return nil, err
		}
		for _, p := range got {
			found = append(found, Sibling{p, active[p.Signal].Key, active[p.Signal].Status})
		}
	}
	return found, nil
}

// SiblingsOn does both, for a few values.
func SiblingsOn(ctx context.Context, tx *sqldb.Tx, keys ...[]byte) ([]Sibling, error) {
	opinions, err := Opinions(ctx, tx, keys)
	if err != nil {
		return nil, err
	}
	return Siblings(ctx, tx, opinions)
}

// places writes n placeholders from number first on.
func places(first, n int) string {
	var b strings.Builder
	for i := range n {
		if i > 0 {
			b.WriteByte(',')
		}
		fmt.Fprintf(&b, "$%d", first+i)
	}
	return b.String()
}
