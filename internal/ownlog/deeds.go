package ownlog

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"lantern"
	"lantern/audit"
	"lantern/internal/agentstore"
	"lantern/internal/sqldb"
)

// Acts says how the decisions that an agent shows are held by its log.
type Acts struct {
	Proven int // each as its newest entry says, in every part
	Older  int // their entries are from before entries said every part: what they say is so
	Kept   int // their entries were lost; each as it was when that was found
	Gone   int // not shown any more: they were lost with a damaged database, and their entries were not
	Past   int // hits that were decided singly and are not held any more
}

// actFacts is what the entry of an act says of it, and what an entry of another decision does not.
type actFacts struct {
	Act       lantern.ID                  `json:"act"`
	Row       []byte                      `json:"row"` // digest of the act as it was stored after this entry
	Hit       lantern.ID                  `json:"hit"`
	Case      lantern.ID                  `json:"case"`
	Preview   lantern.ID                  `json:"preview"`
	Challenge lantern.ID                  `json:"challenge"`
	Decision  lantern.HitDecision         `json:"decision"`
	Reason    lantern.DecisionReason      `json:"reason"`
	Count     int                         `json:"count"`
	Decisions map[lantern.HitDecision]int `json:"decisions"` // of rulings in a case, in place of one and its reason
	Undone    bool                        `json:"undone"`
}

// keptAct is an act as a mend found it, whose entries it did not.
type keptAct struct {
	Act lantern.ID `json:"act"`
	Row []byte     `json:"row"`
}

// deed is what the log says of an act.
type deed struct {
	newest int64 // its newest entry
	row    []byte
	kept   bool // newest is the entry of a mend
	shown  bool // as is undone, what the row of the act says
	undone bool
	older  *older // nil: no entry of it is without a digest
}

// older is what entries without a digest say of an act.
type older struct {
	agentstore.ActRow
	first   time.Time // of the entries
	ruled   bool      // its reason is in no entry
	differs bool      // its entries say several decisions
}

// deeds are the acts of a log that is read through.
type deeds struct {
	by    map[lantern.ID]*deed
	gone  int
	hits  map[lantern.ID][]lantern.ID // the acts that each hit was decided by singly, in their order
	early map[lantern.ID]bool         // the hits that were decided before acts were kept
	about map[int64]lantern.ID        // the hits of entries that name people; nil: nobody asks
}

func newDeeds() deeds {
	return deeds{by: make(map[lantern.ID]*deed), hits: make(map[lantern.ID][]lantern.ID), early: make(map[lantern.ID]bool)}
}

// of returns what is known of an act, with a newer entry.
func (s *deeds) of(id lantern.ID, number int64, row []byte) *deed {
	d := s.by[id]
	if d == nil {
		d = new(deed)
		s.by[id] = d
	}
	d.newest, d.row, d.kept = number, row, false
	return d
}

// decided takes an entry of a decision. Of those that name no act, only the ones from before there were any say
// something here: which hit was decided.
func (s *deeds) decided(number int64, o *audit.Opening) error {
	var f actFacts
	if !bytes.Contains(o.Facts, []byte(`"act":`)) {
		if err := json.Unmarshal(o.Facts, &f); err == nil && f.Hit != 0 {
			s.early[f.Hit] = true
		}
		return nil
	}
	var by struct {
		Person lantern.ID `json:"person"`
	}
	err := json.Unmarshal(o.Facts, &f)
	if err == nil && f.Row == nil && !o.Erased() {
		err = json.Unmarshal(o.Person, &by)
	}
	if err != nil || f.Act == 0 {
		return errors.New("what was decided is not said as it should be")
	}
	if s.about != nil && f.Hit != 0 && !o.Erased() {
		s.about[number] = f.Hit
	}
	d := s.of(f.Act, number, f.Row)
	if f.Hit != 0 && !f.Undone {
		s.hits[f.Hit] = append(s.hits[f.Hit], f.Act)
	}
	if f.Row == nil {
		if d.older == nil {
			d.older = &older{first: o.Time}
		}
		d.older.add(&f, by.Person, o.Time)
	}
	return nil
}

// add adds what one entry says.
func (d *older) add(f *actFacts, person lantern.ID, at time.Time) {
	if f.Undone {
		d.Undone, d.UndoneBy = at, person
		return
	}
	d.Case, d.Bulk = f.Case, f.Preview
	if f.Challenge != 0 {
		d.Challenge = f.Challenge
	}
	if person != 0 {
		d.Person = person
	}
	said := f.Decisions
	d.ruled = said != nil
	if !d.ruled {
		said = map[lantern.HitDecision]int{f.Decision: max(f.Count, 1)}
		d.Reason = f.Reason
	}
	for decision, n := range said {
		d.differs = d.differs || d.Decision != "" && d.Decision != decision
		d.Decision = decision
		d.Count += n
	}
}

// mended takes what a mend says of acts.
func (s *deeds) mended(number int64, f *mendFacts) {
	for _, k := range f.Kept {
		s.of(k.Act, number, k.Row).kept = true
	}
	for _, id := range f.Gone {
		if s.by[id] != nil {
			delete(s.by, id)
			s.gone++
		}
	}
}

// unlike returns what of an act as it is stored is not as the log says, "" if all is.
func (d *deed) unlike(a *agentstore.ActRow) string {
	switch {
	case d.row == nil && d.older != nil:
		return d.older.unlike(a)
	case !bytes.Equal(d.row, a.Digest()):
		return "its row"
	}
	return ""
}

func (d *older) unlike(a *agentstore.ActRow) string {
	mixed := d.differs || d.ruled && a.Decision == ""
	switch {
	case d.Person != 0 && a.Person != d.Person:
		return "the person"
	case mixed && a.Decision != "" || !mixed && a.Decision != d.Decision:
		return "the decision"
	case !d.ruled && a.Reason != d.Reason:
		return "the reason"
	case a.Count != d.Count:
		return "the count"
	case a.Case != d.Case:
		return "the case"
	case a.Bulk != d.Bulk:
		return "the preview"
	case a.Challenge != d.Challenge:
		return "the challenge"
	case a.Undone.IsZero() != d.Undone.IsZero() || d.UndoneBy != 0 && a.UndoneBy != d.UndoneBy || d.Undone.IsZero() && a.UndoneBy != 0:
		return "whether it was undone, and by whom"
	case a.At.Sub(d.first).Abs() > time.Hour: // the clock may have been set between the act and its entry
		return "the time"
	}
	return ""
}

// held is an act that is shown, and what the log says of it.
type held struct {
	*agentstore.ActRow
	deed  *deed // nil: nothing
	wrong error
}

// undecided refuses a hit that waits although an act decided it, singly, and was not undone, and one that shows a
// decision that no act took and, if the log is whole, no entry from before acts were kept. It returns how many hits
// that were decided singly are not held any more: dismissed ones go after a time, and those of a signal that fell when
// they are found anew.
func (s *deeds) undecided(ctx context.Context, tx *sqldb.Tx, whole bool) (gone int, err error) {
	for id, acts := range s.hits {
		acts = slices.DeleteFunc(acts, func(act lantern.ID) bool { return s.by[act] == nil || s.by[act].undone })
		if s.hits[id] = acts; len(acts) == 0 {
			delete(s.hits, id)
		}
	}
	left := len(s.hits)
	err = agentstore.EachHitsAct(ctx, tx, func(hit, act lantern.ID, decided bool) error {
		if decided && act == 0 && whole && !s.early[hit] {
			return fmt.Errorf("hit %s shows a decision, and no act took it", hit)
		}
		acts := s.hits[hit]
		if len(acts) == 0 {
			return nil
		}
		if left--; act == 0 {
			return fmt.Errorf("hit %s waits, although act %s decided it", hit, acts[len(acts)-1])
		}
		return nil
	})
	return left, err
}

// hold holds every act that is shown to the log, and returns the acts of the log that are not shown.
func (s *deeds) hold(ctx context.Context, tx *sqldb.Tx, each func(held) error) (absent []lantern.ID, err error) {
	err = agentstore.EachAct(ctx, tx, func(a *agentstore.ActRow) error {
		h := held{ActRow: a, deed: s.by[a.ID]}
		if h.deed == nil {
			h.wrong = fmt.Errorf("act %s is shown, and no entry records it", a.ID)
			return each(h)
		}
		h.deed.shown, h.deed.undone = true, !a.Undone.IsZero()
		if part := h.deed.unlike(a); part != "" {
			h.wrong = fmt.Errorf("act %s is shown otherwise than entry %d says: %s", a.ID, h.deed.newest, part)
		}
		return each(h)
	})
	for id, d := range s.by {
		if !d.shown {
			absent = append(absent, id)
		}
	}
	slices.SortFunc(absent, func(a, b lantern.ID) int { return cmp.Compare(s.by[a].newest, s.by[b].newest) })
	return absent, err
}

// check refuses acts that are shown otherwise than the log says, and counts the others.
func (s *deeds) check(ctx context.Context, tx *sqldb.Tx) (Acts, error) {
	n := Acts{Gone: s.gone}
	absent, err := s.hold(ctx, tx, func(h held) error {
		switch {
		case h.wrong != nil:
		case h.deed.kept:
			n.Kept++
		case h.deed.row != nil:
			n.Proven++
		default:
			n.Older++
		}
		return h.wrong
	})
	if err == nil && len(absent) > 0 {
		err = fmt.Errorf("the act of entry %d is not shown any more", s.by[absent[0]].newest)
	}
	return n, err
}

// unproven returns which acts a mend leaves without their entries, and which entries without their
// acts: those that it has to tell of. It tells of none that a loss does not explain.
func (s *deeds) unproven(ctx context.Context, tx *sqldb.Tx, entries, acts bool) (kept []keptAct, gone []lantern.ID, err error) {
	gone, err = s.hold(ctx, tx, func(h held) error {
		if h.wrong != nil && entries {
			kept = append(kept, keptAct{h.ID, h.Digest()})
		}
		return nil
	})
	if !acts && !entries {
		gone = nil
	}
	return kept, gone, err
}
