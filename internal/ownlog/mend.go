package ownlog

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"time"

	"lantern"
	"lantern/audit"
	"lantern/internal/agentstore"
	"lantern/internal/mend"
	"lantern/internal/sqldb"
)

// standIn stands in the place of an entry that was lost with a damaged database. It can be none
// itself: those have a version and a kind.
var standIn audit.Leaf

func stands(stored []byte) bool { return bytes.Equal(stored, standIn[:]) }

// tooMany is more entries than a log can have: a number as large as that is damage.
const tooMany = 1 << 32

// mendFacts is what an entry of kind [audit.Mend] says.
type mendFacts struct {
	Lost   numbers  `json:"lost,omitempty"`   // entries that were lost, each before this one
	More   bool     `json:"more,omitempty"`   // perhaps the last ones too: how many the log had could not be read
	Size   int64    `json:"size,omitempty"`   // how many it had, if that could be read
	Tables []string `json:"tables,omitempty"` // of the database, of which not everything could be read

	Kept []keptAct    `json:"kept,omitempty"` // acts that are shown and whose entries were lost
	Gone []lantern.ID `json:"gone,omitempty"` // acts that are not shown any more and whose entries were not lost
}

// mostListed is how many acts one entry lists.
const mostListed = 1000

// listed reports whether an entry is among those that were lost.
func listed(mends []mendFacts, n int64) bool {
	return slices.ContainsFunc(mends, func(f mendFacts) bool { return f.Lost.has(n) })
}

// Mended is what was done to a log that was damaged.
type Mended struct {
	Lost  int64 // entries that were lost; stand-ins are in their places
	Entry bool  // an entry was made that says what the mend did not bring
	Head  bool  // the head was made again
}

// Mend brings the log in a database that was mended in order, as far as it could be read; tables
// are those of which not everything could. It must run in no other case: what it finds missing
// is on record as lost, and not as taken away. After a log that is whole, or was mended before, it does nothing.
func Mend(ctx context.Context, tx *sqldb.Tx, tables []string, now time.Time, random io.Reader) (m Mended, err error) {
	head, known, err := readHead(ctx, tx, tables)
	if err != nil {
		return m, err
	}
	s := survey{deeds: newDeeds()}
	s.deeds.about = make(map[int64]lantern.ID)
	if err := agentstore.EachLogLeaf(ctx, tx, s.take); err != nil {
		return m, err
	}
	s.gap(max(head.Size(), s.next))
	lost := s.lost()
	if err := replace(ctx, tx, lost); err != nil {
		return m, err
	}
	for number, hit := range s.deeds.about {
		if err := agentstore.RestoreEntry(ctx, tx, hit, number); err != nil {
			return m, err
		}
	}
	tree, err := treeOf(ctx, tx)
	if err != nil {
		return m, err
	}
	if m.Head = tree.Size() > 0 && (!known || head.Size() != tree.Size() || head.Root() != tree.Root()); m.Head {
		edge, err := tree.MarshalBinary()
		if err != nil {
			return m, err
		}
		if err := agentstore.SaveLogHead(ctx, tx, tree.Size(), edge); err != nil {
			return m, err
		}
	}
	f := mendFacts{Lost: lost, Size: head.Size(), Tables: tables, More: !known && mend.Lacks(tables, "log_leaves")}
	if !f.More && len(lost) == 0 { // the head says nothing that the leaves do not
		f.Tables = slices.DeleteFunc(slices.Clone(tables), func(t string) bool { return t == "log_head" })
	}
	_, acts, err := agentstore.LoadLogSize(ctx, tx)
	if err != nil {
		return m, err
	}
	m.Lost = lost.count()
	anew := tree.Size() == 0 && acts > 0
	kept, gone, err := s.deeds.unproven(ctx, tx, m.Lost > 0 || f.More || anew, mend.Lacks(tables, "acts"))
	if err != nil {
		return m, err
	}
	m.Entry = m.Lost > 0 || len(f.Tables) > 0 || anew
	for more := m.Entry; more; more = len(kept)+len(gone) > 0 {
		k, g := min(len(kept), mostListed), min(len(gone), mostListed)
		f.Kept, kept, f.Gone, gone = kept[:k], kept[k:], gone[:g], gone[g:]
		if err := Append(ctx, tx, Entry{Kind: audit.Mend, Who: map[string]any{}, What: f}, now, random); err != nil {
			return m, err
		}
		f = mendFacts{}
	}
	return m, nil
}

// readHead returns the log's head as it is stored. known is false if it was lost, or makes no
// sense: then nothing says how many entries there were.
func readHead(ctx context.Context, tx *sqldb.Tx, tables []string) (head audit.Tree, known bool, err error) {
	odd, err := agentstore.DropOddLog(ctx, tx, tooMany)
	if err != nil {
		return head, false, err
	}
	edge, err := agentstore.LoadLogHead(ctx, tx)
	if err != nil || edge == nil {
		return head, !odd && !mend.Lacks(tables, "log_head"), err
	}
	size, _, err := agentstore.LoadLogSize(ctx, tx)
	if err != nil {
		return head, false, err
	}
	if head.UnmarshalBinary(edge) != nil || head.Size() != size {
		return audit.Tree{}, false, nil
	}
	return head, true, nil
}

// survey finds out what of a log is there.
type survey struct {
	next  int64 // the number after the last leaf
	gone  numbers
	stood numbers // of gone, the stand-ins of an earlier mend
	mends []mendFacts
	deeds deeds
}

func (s *survey) take(number int64, stored []byte, text string) error {
	s.gap(number)
	s.next = number + 1
	if stands(stored) && text == "" {
		s.gone.add(number)
		s.stood.add(number)
		return nil
	}
	opening, err := opened(stored, text)
	if err != nil { // a damage that left the row
		s.gone.add(number)
		return nil
	}
	var f mendFacts
	switch {
	case opening.Kind == audit.Decide:
		_ = s.deeds.decided(number, &opening) // what it says otherwise than agents do is for Verify to say
	case opening.Kind == audit.Mend && json.Unmarshal(opening.Facts, &f) == nil:
		s.mends = append(s.mends, f)
		s.deeds.mended(number, &f)
	}
	return nil
}

// gap notes that no leaf stands before a number.
func (s *survey) gap(number int64) { s.gone.addAll(s.next, number) }

// lost returns what is gone without an entry that says so: that of an earlier mend may be lost itself.
func (s *survey) lost() (lost numbers) {
	for n := range s.gone.each() {
		if !s.stood.has(n) || !listed(s.mends, n) {
			lost.add(n)
		}
	}
	return lost
}

// replace puts stand-ins in the places of entries.
func replace(ctx context.Context, tx *sqldb.Tx, lost numbers) error {
	const batch = 500
	list := make([]int64, 0, batch)
	for n := range lost.each() {
		if list = append(list, n); len(list) < batch {
			continue
		}
		if err := agentstore.PutStandIns(ctx, tx, standIn[:], list); err != nil {
			return fmt.Errorf("standing in for lost entries: %w", err)
		}
		list = list[:0]
	}
	if err := agentstore.PutStandIns(ctx, tx, standIn[:], list); err != nil {
		return fmt.Errorf("standing in for lost entries: %w", err)
	}
	return agentstore.DropLostEntries(ctx, tx)
}

// treeOf computes the log's tree from its leaves.
func treeOf(ctx context.Context, tx *sqldb.Tx) (tree audit.Tree, err error) {
	err = agentstore.EachLogLeafFrom(ctx, tx, 0, func(stored []byte) error {
		h, err := hashOf(stored)
		tree.Append(h)
		return err
	})
	return tree, err
}
