package corrections

import (
	"context"
	"errors"
	"maps"

	"lantern"
	"lantern/internal/policy"
)

// reader is what a member follows its feeds with: a model of an agent, or a real one.
type reader interface {
	contact(n *network) error               // one whole contact with the exchange; an error means that it broke off
	holds() (map[lantern.ID]bool, error)    // the signals that match
	keep() error                            // copies the folder
	goBack() error                          // puts the last copy in its place
	reopen() error                          // ends at once and starts again
	accept(entries []lantern.Restore) error // a person accepts that the exchange went back, if it stopped for that
	openHits() (map[lantern.ID]bool, error) // the signals of hits that wait for a person
	close() error
}

// errCut is what a call returns that the network lost.
var errCut = errors.New("the network lost it")

// network lies between a reader and the exchange. It loses requests, or their answers.
type network struct {
	calls      int
	loseBefore int // the number of the call that does not arrive; 0: none
	loseAfter  int // the number of the call whose answer does not
	loseAcks   bool
	saw        func(member int, what any) // told of what the exchange answered, arrived or not
}

// carry makes one call.
func (n *network) carry(ack bool, call func() error) error {
	n.calls++
	if n.calls == n.loseBefore || ack && n.loseAcks {
		return errCut
	}
	err := call()
	if n.calls == n.loseAfter {
		return errCut
	}
	return err
}

// held is what a model of an agent knows of one signal.
type held struct {
	places map[lantern.ID]placed // by program
}

// placed is a signal in a feed.
type placed struct {
	active     bool
	generation int
	seq        int64
}

// followed is a feed.
type followed struct {
	cursor     lantern.Cursor
	generation int
	loaded     bool
}

// memory is what a model of an agent keeps in its folder.
type memory struct {
	feeds   map[lantern.ID]followed
	signals map[lantern.ID]held
	owed    map[lantern.ID]bool // corrections
}

func newMemory() memory {
	return memory{map[lantern.ID]followed{}, map[lantern.ID]held{}, map[lantern.ID]bool{}}
}

func (m memory) clone() memory {
	c := memory{maps.Clone(m.feeds), map[lantern.ID]held{}, maps.Clone(m.owed)}
	for id, h := range m.signals {
		c.signals[id] = held{maps.Clone(h.places)}
	}
	return c
}

// modelReader does what docs/protocol says an agent must do, and nothing else.
type modelReader struct {
	w      *world
	member int
	key    string
	silent bool // never acknowledges: a client that cannot
	now    memory
	copied memory
}

func newModelReader(w *world, member int) *modelReader {
	return &modelReader{w: w, member: member, key: w.cast.companies[member].ServiceKey, silent: member == companies-1, now: newMemory(), copied: newMemory()}
}

func (r *modelReader) keep() error                            { r.copied = r.now.clone(); return nil }
func (r *modelReader) goBack() error                          { r.now = r.copied.clone(); return nil }
func (r *modelReader) reopen() error                          { return nil }
func (r *modelReader) accept([]lantern.Restore) error         { return nil }
func (r *modelReader) openHits() (map[lantern.ID]bool, error) { return nil, nil }
func (r *modelReader) close() error                           { return nil }

func (r *modelReader) holds() (map[lantern.ID]bool, error) {
	matching := map[lantern.ID]bool{}
	for id, h := range r.now.signals {
		all := true
		for _, p := range h.places {
			all = all && p.active
		}
		if all {
			matching[id] = true
		}
	}
	return matching, nil
}

func (r *modelReader) contact(n *network) error {
	a, err := r.w.as(r.key)
	if err != nil {
		return err
	}
	var who lantern.Whoami
	if err := n.carry(false, func() (err error) { who, err = r.w.Whoami(r.w.ctx, a); return err }); err != nil {
		return err
	}
	joined := map[lantern.ID]bool{}
	for _, p := range who.Programs {
		joined[p.ID] = true
	}
	for id := range r.now.feeds {
		if !joined[id] {
			delete(r.now.feeds, id)
			r.drop(id, 1<<62)
		}
	}
	for _, p := range who.Programs {
		for more := true; more; {
			if more, err = r.read(n, a, p.ID); err != nil {
				return err
			}
		}
	}
	if r.silent {
		return nil
	}
	return r.settle(n, a)
}

// read reads one page of at most three changes, so that there are several.
func (r *modelReader) read(n *network, a policy.Actor, program lantern.ID) (more bool, err error) {
	f := r.now.feeds[program]
	var page lantern.FeedPage
	err = n.carry(false, func() (err error) {
		page, err = r.w.Feed(r.w.ctx, a, program, f.cursor, 3, 0)
		if err == nil {
			n.saw(r.member, page)
		}
		return err
	})
	if lantern.KindOf(err) == lantern.Resync {
		r.now.feeds[program] = followed{generation: f.generation + 1}
		return true, nil
	}
	if err != nil {
		return false, err
	}
	for _, c := range page.Changes {
		r.apply(program, f.generation, c)
	}
	f.cursor = page.Next
	if !page.More && !f.loaded {
		f.loaded = true
		r.drop(program, f.generation)
	}
	r.now.feeds[program] = f
	return page.More, nil
}

// apply takes one change in.
func (r *modelReader) apply(program lantern.ID, generation int, c lantern.Change) {
	id := c.Signal.ID
	switch c.Signal.State {
	case lantern.Active, lantern.Suspended:
		if r.now.signals[id].places == nil {
			r.now.signals[id] = held{map[lantern.ID]placed{}}
		}
		r.now.signals[id].places[program] = placed{c.Signal.State == lantern.Active, generation, c.Seq}
	default:
		if delete(r.now.signals[id].places, program); c.Signal.State != lantern.Narrowed || len(r.now.signals[id].places) == 0 {
			delete(r.now.signals, id)
		}
		if c.Correction != 0 && c.Signal.Member != r.w.cast.companies[r.member].ID {
			r.now.owed[c.Correction] = true
		}
	}
}

// drop forgets what an earlier generation of a feed brought.
func (r *modelReader) drop(program lantern.ID, generation int) {
	for id, h := range r.now.signals {
		if p, ok := h.places[program]; ok && p.generation < generation {
			delete(h.places, program)
		}
		if len(h.places) == 0 {
			delete(r.now.signals, id)
		}
	}
}

// settle acknowledges what is owed, also what no feed told of.
func (r *modelReader) settle(n *network, a policy.Actor) error {
	var list []lantern.Correction
	err := n.carry(false, func() (err error) {
		list, err = r.w.Corrections(r.w.ctx, a, lantern.CorrectionFilter{})
		n.saw(r.member, list)
		return err
	})
	if err != nil {
		return err
	}
	for _, c := range list {
		for _, d := range c.Recipients {
			if d.Member == a.Member && (d.Masked.IsZero() || d.Purged.IsZero()) && !r.holdsFor(c) {
				r.now.owed[c.ID] = true
			}
		}
	}
	for _, id := range sorted(r.now.owed) {
		for _, step := range []lantern.AckStep{lantern.AckMasked, lantern.AckPurged} {
			err := n.carry(true, func() error { return acknowledge(r.w, n, r.member, a, lantern.Ack{Correction: id, Step: step}) })
			if err != nil && lantern.KindOf(err) != lantern.NotFound {
				return err
			}
		}
		delete(r.now.owed, id)
	}
	return nil
}

// holdsFor reports whether the reader holds what a correction asks it to purge.
func (r *modelReader) holdsFor(c lantern.Correction) bool {
	places := r.now.signals[c.Signal].places
	if c.Kind != lantern.CorrectionNarrowed {
		return places != nil
	}
	p, ok := places[c.Program]
	return ok && (p.seq <= c.Seq || p.generation < r.now.feeds[c.Program].generation)
}

// acknowledge tells the observer of an acknowledgement that was taken.
func acknowledge(w *world, n *network, member int, a policy.Actor, ack lantern.Ack) error {
	_, err := w.Acknowledge(context.WithoutCancel(w.ctx), a, ack)
	if err == nil {
		n.saw(member, ack)
	}
	return err
}
