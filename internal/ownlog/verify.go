package ownlog

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"lantern"
	"lantern/audit"
	"lantern/internal/agentstore"
	"lantern/internal/mend"
	"lantern/internal/sqldb"
)

// Report says what a log in order holds.
type Report struct {
	Counts map[audit.Kind]int
	Anchor lantern.Anchor // of the log, if it has one among those it was held against
	Unheld bool           // the log cannot be held against Anchor, which is from before a mend and covers entries that were lost
	Mends  []Mending      // in their order
	Acts   Acts
}

// Mending is a mend of a damaged database, as its entry tells it.
type Mending struct {
	Number int64 // of the entry
	At     time.Time
	Lost   int64 // entries that were lost
	First  int64 // the first of these
	More   bool  // how many came after the last that could be read is not known
}

// Lost returns how many entries of the log were lost, and when the last of them were found to be.
func (r *Report) Lost() (n int64, at time.Time) {
	for _, m := range r.Mends {
		if n += m.Lost; m.Lost > 0 || m.More {
			at = m.At
		}
	}
	return n, at
}

// Lacks says in words what the log does not hold as it should, one sentence each.
func (r *Report) Lacks() (said []string) {
	for _, m := range r.Mends {
		if s := m.loss(); s != "" {
			said = append(said, s)
		}
	}
	if n := r.Acts.Kept; n > 0 {
		said = append(said, fmt.Sprintf("%d decisions are shown whose entries were lost: each is as it was when the database was mended", n))
	}
	if n := r.Acts.Gone; n > 0 {
		said = append(said, fmt.Sprintf("%d decisions of the log are not shown any more: they were lost with the damaged database", n))
	}
	if n := r.Acts.Past; n > 0 {
		said = append(said, fmt.Sprintf("of %d hits that were decided singly nothing is held any more: dismissed ones are deleted after 30 days, others when their signal fell and came back", n))
	}
	if n := r.Acts.Older; n > 0 {
		said = append(said, fmt.Sprintf("of %d decisions the entries are older and say less than is shown: not all of their times, and of rulings in a case no reasons", n))
	}
	return said
}

// loss says what of the log was lost, "" if nothing was.
func (m *Mending) loss() string {
	if m.Lost == 0 && !m.More {
		return ""
	}
	s := fmt.Sprintf("the database was damaged, and mended on %s (entry %d): ", m.At.Format(time.DateOnly), m.Number)
	switch {
	case m.Lost == 0:
		return s + "the entries that came before it may be lost, and how many is not known"
	case m.More:
		return s + fmt.Sprintf("%d entries of the log were lost, the first of them entry %d, and perhaps others that came right before it", m.Lost, m.First)
	}
	return s + fmt.Sprintf("%d entries of the log were lost, the first of them entry %d", m.Lost, m.First)
}

// Verify recomputes the log from its leaves and openings, and holds it against its anchor among
// those given, if there is any: what the exchange entered must be the beginning of the log. It
// holds the acts that are shown against it. An entry or an act may be missing only if a later
// entry of kind [audit.Mend] says so. It reads the whole log.
func Verify(ctx context.Context, tx *sqldb.Tx, anchors []lantern.Anchor) (Report, error) {
	v := verifying{report: Report{Counts: make(map[audit.Kind]int)}, deeds: newDeeds()}
	name, found, err := nameOf(ctx, tx)
	if err != nil {
		return v.report, err
	}
	if found {
		v.report.Anchor = anchorOf(anchors, name)
	}
	if err := agentstore.EachLogLeaf(ctx, tx, v.take); err != nil {
		return v.report, err
	}
	if err := v.explained(); err != nil {
		return v.report, err
	}
	if err := v.anchored(); err != nil {
		return v.report, err
	}
	if err := v.headed(ctx, tx); err != nil {
		return v.report, err
	}
	if v.report.Acts, err = v.deeds.check(ctx, tx); err != nil {
		return v.report, err
	}
	if v.report.Acts.Past, err = v.deeds.undecided(ctx, tx, len(v.mends) == 0); err != nil {
		return v.report, err
	}
	return v.report, v.shown(ctx, tx)
}

// verifying is a log that is read through.
type verifying struct {
	report   Report
	tree     audit.Tree
	stood    numbers     // the stand-ins
	mends    []mendFacts // of the entries in report.Mends
	deeds    deeds
	differed bool // from the anchor, when the log had its size
}

// take takes the next leaf.
func (v *verifying) take(number int64, stored []byte, text string) error {
	if number != v.tree.Size() {
		return fmt.Errorf("entry %d is missing", v.tree.Size())
	}
	leaf := standIn
	if !stands(stored) {
		opening, err := opened(stored, text)
		if err != nil {
			return fmt.Errorf("entry %d: %w", number, err)
		}
		leaf = audit.Leaf(stored)
		if err := v.read(number, &opening); err != nil {
			return fmt.Errorf("entry %d: %w", number, err)
		}
	} else if text != "" {
		return fmt.Errorf("entry %d: it has an opening, and nothing that it opens", number)
	} else {
		v.stood.add(number)
	}
	v.tree.Append(audit.LeafHash(leaf))
	if a := &v.report.Anchor; v.tree.Size() == a.Size {
		v.differed = v.tree.Root() != audit.Hash(a.Root)
	}
	return nil
}

// read takes what an entry says.
func (v *verifying) read(number int64, o *audit.Opening) error {
	v.report.Counts[o.Kind]++
	switch o.Kind {
	case audit.Decide:
		return v.deeds.decided(number, o)
	case audit.Mend:
		return v.mended(number, o)
	}
	return nil
}

// mended takes what a mend says.
func (v *verifying) mended(number int64, o *audit.Opening) error {
	var f mendFacts
	if err := json.Unmarshal(o.Facts, &f); err != nil || !f.Lost.ordered(number) {
		return errors.New("what was lost is not said as it should be")
	}
	m := Mending{Number: number, At: o.Time, Lost: f.Lost.count(), More: f.More, First: number}
	if len(f.Lost) > 0 {
		m.First = f.Lost[0][0]
	}
	for n := range f.Lost.each() {
		if !v.stood.has(n) {
			return fmt.Errorf("it says that entry %d was lost, which is there", n)
		}
	}
	v.deeds.mended(number, &f)
	v.report.Mends, v.mends = append(v.report.Mends, m), append(v.mends, f)
	return nil
}

// explained holds each stand-in to an entry that says why. Those list only what came before them.
func (v *verifying) explained() error {
	for n := range v.stood.each() {
		if !listed(v.mends, n) {
			return fmt.Errorf("entry %d is missing, and no later one says that it was lost", n)
		}
	}
	return nil
}

// anchored holds the log against its anchor.
func (v *verifying) anchored() error {
	a, r := &v.report.Anchor, &v.report
	if a.Size <= v.tree.Size() && !v.differed {
		return nil
	}
	for _, m := range r.Mends {
		// A head that covers the mend's own entry was made after it.
		before := a.Size <= m.Number || m.More && !a.At.IsZero() && a.At.Before(m.At)
		if before && m.First < a.Size {
			r.Unheld = true
			return nil
		}
	}
	if v.differed {
		return fmt.Errorf("its first %d entries are not those that entry %d of the exchange's log covers", a.Size, a.Entry)
	}
	return fmt.Errorf("it has %d of the %d entries that entry %d of the exchange's log covers", v.tree.Size(), a.Size, a.Entry)
}

// headed holds the leaves against the log's head.
func (v *verifying) headed(ctx context.Context, tx *sqldb.Tx) error {
	var head audit.Tree
	edge, err := agentstore.LoadLogHead(ctx, tx)
	if err != nil {
		return err
	}
	if edge != nil {
		if err := head.UnmarshalBinary(edge); err != nil {
			return err
		}
	}
	if head.Size() != v.tree.Size() || head.Root() != v.tree.Root() {
		return errors.New("the leaves are not those of the log's head")
	}
	switch size, acts, err := agentstore.LoadLogSize(ctx, tx); {
	case err != nil:
		return err
	case size != v.tree.Size():
		return errors.New("the log's head counts another number of entries")
	case size == 0 && acts > 0:
		return errors.New("it is empty, although people decided: it was emptied, or lost with a damaged database")
	}
	return nil
}

// shown holds the decisions that hits and candidates show to their acts. What a damage took of acts,
// or of what their undoing goes by, explains what lacks of these.
func (v *verifying) shown(ctx context.Context, tx *sqldb.Tx) error {
	unlike, undone, lost, err := agentstore.DecidedOtherwise(ctx, tx)
	if err != nil {
		return err
	}
	for _, f := range v.mends {
		if mend.Lacks(f.Tables, "acts") {
			lost = nil
		}
		if mend.Lacks(f.Tables, "act_hits") || mend.Lacks(f.Tables, "act_candidates") {
			undone = nil
		}
	}
	wrong := slices.Concat(unlike, undone, lost)
	if len(wrong) == 0 {
		return nil
	}
	d, what := wrong[0], "a candidate of case "+wrong[0].Case.String()
	if d.Hit != 0 {
		what = "hit " + d.Hit.String()
	}
	if d.Act == 0 {
		return fmt.Errorf("%s shows a decision, and no act took it", what)
	}
	return fmt.Errorf("%s shows otherwise than act %s what was decided", what, d.Act)
}

// opened returns what a stored leaf stands for.
func opened(stored []byte, text string) (o audit.Opening, err error) {
	leaf, err := audit.ParseLeaf(stored)
	if err != nil {
		return o, err
	}
	if err := json.Unmarshal([]byte(text), &o); err != nil {
		return o, errors.New("an opening is damaged")
	}
	return o, o.Verify(leaf)
}
