package agent

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	"lantern"
	"lantern/internal/agentstore"
	"lantern/internal/sqldb"
)

// Events are written in the transaction of what they tell of and told after its commit: by
// webhooks (package courier) and to whoever follows ([Agent.Notices]).

// keepEvents is how long events are kept that are about no hit that still waits.
const keepEvents = 30 * 24 * time.Hour

// happened is an event in the making.
type happened struct {
	kind           lantern.EventType
	object, signal lantern.ID
}

// tell writes events. Whoever calls it wakes [Agent.told] after the commit.
func (a *Agent) tell(ctx context.Context, tx *sqldb.Tx, now time.Time, list ...happened) error {
	events := make([]lantern.Event, len(list))
	for i, h := range list {
		id, err := a.newID()
		if err != nil {
			return err
		}
		events[i] = lantern.Event{ID: id, Type: h.kind, At: now, Data: lantern.EventData{Object: h.object, Signal: h.signal}}
	}
	return agentstore.InsertEvents(ctx, tx, events)
}

// tellHits tells of those of the rows that were stored under their ids: the others were
// there before.
func (a *Agent) tellHits(ctx context.Context, tx *sqldb.Tx, now time.Time, rows []*agentstore.HitRow) error {
	ids := make([]lantern.ID, len(rows))
	for i, h := range rows {
		ids[i] = h.ID
	}
	stored, err := agentstore.StandingHits(ctx, tx, ids)
	if err != nil {
		return err
	}
	return a.tellOpen(ctx, tx, now, stored)
}

// tellOpen tells of the hits that wait.
func (a *Agent) tellOpen(ctx context.Context, tx *sqldb.Tx, now time.Time, hits []agentstore.HitRow) error {
	var list []happened
	for _, h := range hits {
		if h.State != lantern.HitOpen {
			continue
		}
		kind := lantern.HitOpened
		if h.Urgency <= lastImminent {
			kind = lantern.HitImminent
		}
		list = append(list, happened{kind, h.ID, h.Signal})
	}
	return a.tell(ctx, tx, now, list...)
}

// tellImminent tells of hits that wait and were found before their signal became imminent.
// It must run before their urgency is raised.
func (a *Agent) tellImminent(ctx context.Context, tx *sqldb.Tx, now time.Time, rows []*agentstore.ReplicaRow) error {
	var signals []lantern.ID
	for _, r := range rows {
		if r.Imminent {
			signals = append(signals, r.Signal)
		}
	}
	hits, err := agentstore.HitsOf(ctx, tx, signals)
	if err != nil {
		return err
	}
	var list []happened
	for _, h := range hits {
		if h.State == lantern.HitOpen && h.Urgency > lastImminent {
			list = append(list, happened{lantern.HitImminent, h.ID, h.Signal})
		}
	}
	return a.tell(ctx, tx, now, list...)
}

// tellSignals tells once of each of the signals that has hits in one of the states.
func (a *Agent) tellSignals(ctx context.Context, tx *sqldb.Tx, now time.Time, kind lantern.EventType, signals []lantern.ID, states ...lantern.HitState) error {
	hits, err := agentstore.HitsOf(ctx, tx, signals)
	if err != nil {
		return err
	}
	var list []happened
	seen := make(map[lantern.ID]bool)
	for _, h := range hits {
		for _, s := range states {
			if h.State == s && !seen[h.Signal] {
				seen[h.Signal] = true
				list = append(list, happened{kind, h.Signal, h.Signal})
			}
		}
	}
	return a.tell(ctx, tx, now, list...)
}

// tellRestored tells of the hits that a restored signal brings back.
func (a *Agent) tellRestored(ctx context.Context, tx *sqldb.Tx, now time.Time, signals []lantern.ID) error {
	hits, err := agentstore.HitsOf(ctx, tx, signals)
	if err != nil {
		return err
	}
	return a.tellOpen(ctx, tx, now, hits)
}

// tellFreshness tells when the agent's answers cannot be relied on any more, and when they
// can again. Loading is no news: it passes, and answers say so.
func (a *Agent) tellFreshness(ctx context.Context) error {
	f, member := a.freshness(a.clock()), a.memberID()
	if member == 0 {
		return nil
	}
	kind := lantern.AgentFresh
	if f.broken {
		kind = lantern.AgentStale
	}
	var said lantern.EventType
	err := a.db.Read(ctx, func(tx *sqldb.Tx) error {
		state, err := agentstore.LoadState(ctx, tx)
		said = lantern.EventType(state[agentstore.StateTold])
		return err
	})
	if err != nil {
		return fmt.Errorf("reading what was told: %w", err)
	}
	if said == kind || said == "" && !f.broken {
		return nil
	}
	err = a.db.Write(ctx, func(tx *sqldb.Tx) error {
		if err := agentstore.SaveState(ctx, tx, agentstore.StateTold, string(kind)); err != nil {
			return err
		}
		return a.tell(ctx, tx, a.clock(), happened{kind: kind, object: member})
	})
	if err != nil {
		return fmt.Errorf("telling how the agent stands: %w", err)
	}
	a.told.wake()
	return nil
}

// dropEvents forgets old events.
func (a *Agent) dropEvents(ctx context.Context) error {
	before := a.clock().Add(-keepEvents)
	err := a.db.Write(ctx, func(tx *sqldb.Tx) error { return agentstore.DropEvents(ctx, tx, before) })
	if err != nil {
		return fmt.Errorf("dropping old events: %w", err)
	}
	return nil
}

// Told returns a channel that is closed when the agent next has something to tell. Take
// the channel first, then look.
func (a *Agent) Told() <-chan struct{} { return a.told.wait() }

// MaxNotices bounds what [Agent.Notices] returns.
const MaxNotices = 100

// Notices returns what was told behind a place, at most MaxNotices: what is urgent first,
// and in each of the two the order in which it happened. "" is the beginning: all hits that
// wait, and whatever else was told in the last 30 days. It returns the place to go on from;
// more says that there is something behind it already.
//
// A hit is shown as it is by then. An event about a hit that nobody may see, or that is
// void, is left out: if it comes back, another tells of it.
//
// A place of another journal, or one ahead of this, is refused with [lantern.Resync]: the
// agent's database was made anew, or went back to a backup.
func (a *Agent) Notices(ctx context.Context, after lantern.Cursor) (list []lantern.Notice, next lantern.Cursor, more bool, err error) {
	var p journalPlace
	err = a.db.Read(ctx, func(tx *sqldb.Tx) error {
		list = nil
		var err error
		if p, err = placeOf(ctx, tx, after); err != nil {
			return err
		}
		rows, err := agentstore.LaneAfter(ctx, tx, true, p.urgent, MaxNotices)
		if err != nil {
			return err
		}
		rest, err := agentstore.LaneAfter(ctx, tx, false, p.other, MaxNotices-len(rows))
		if err != nil {
			return err
		}
		rows = append(rows, rest...)
		more = len(rows) == MaxNotices
		hits, err := eventHits(ctx, tx, rows)
		if err != nil {
			return err
		}
		for _, e := range rows {
			p.pass(e)
			n := lantern.Notice{Next: p.cursor(), Event: e.Event, Hit: hits[e.Data.Object]}
			if (e.Type == lantern.HitOpened || e.Type == lantern.HitImminent) && n.Hit == nil {
				continue
			}
			list = append(list, n)
		}
		return nil
	})
	if err != nil {
		return nil, "", false, fmt.Errorf("reading what was told: %w", err)
	}
	return list, p.cursor(), more, nil
}

// eventHits returns the hits that events are about and anybody may see.
func eventHits(ctx context.Context, tx *sqldb.Tx, rows []agentstore.EventRow) (map[lantern.ID]*lantern.Hit, error) {
	var ids []lantern.ID
	for _, e := range rows {
		if e.Type == lantern.HitOpened || e.Type == lantern.HitImminent {
			ids = append(ids, e.Data.Object)
		}
	}
	stored, err := agentstore.StandingHits(ctx, tx, ids)
	if err != nil {
		return nil, err
	}
	var seen []agentstore.HitRow
	for _, h := range stored {
		if h.State == lantern.HitOpen || h.State == lantern.HitDecided {
			seen = append(seen, h)
		}
	}
	shown, err := showHits(ctx, tx, seen)
	if err != nil {
		return nil, err
	}
	byID := make(map[lantern.ID]*lantern.Hit, len(shown))
	for i := range shown {
		byID[shown[i].ID] = &shown[i]
	}
	return byID, nil
}

// journalPlace is how far a follower read, in each of the two lanes of one journal.
type journalPlace struct {
	journal       string
	urgent, other int64
}

func (p *journalPlace) pass(e agentstore.EventRow) {
	if e.Type.Urgent() {
		p.urgent = e.Seq
	} else {
		p.other = e.Seq
	}
}

func (p *journalPlace) cursor() lantern.Cursor {
	return lantern.Cursor(p.journal + "-" + strconv.FormatInt(p.urgent, 10) + "-" + strconv.FormatInt(p.other, 10))
}

// placeOf reads what cursor writes.
func placeOf(ctx context.Context, tx *sqldb.Tx, c lantern.Cursor) (p journalPlace, err error) {
	state, err := agentstore.LoadState(ctx, tx)
	if err != nil {
		return p, err
	}
	p.journal = state[agentstore.StateJournal]
	if c == "" {
		return p, nil
	}
	head, err := agentstore.EventHead(ctx, tx)
	if err != nil {
		return p, err
	}
	parts := strings.Split(string(c), "-")
	if len(parts) == 3 {
		var err1, err2 error
		p.urgent, err1 = strconv.ParseInt(parts[1], 10, 64)
		p.other, err2 = strconv.ParseInt(parts[2], 10, 64)
		if err1 == nil && err2 == nil && parts[0] == p.journal && min(p.urgent, p.other) >= 0 && max(p.urgent, p.other) <= head {
			return p, nil
		}
	}
	return p, &lantern.Error{Kind: lantern.Resync, Field: "/cursor", Reason: "the place is of another journal", Fix: "drop what you hold of this agent's hits and follow from the beginning"}
}

// beginJournal names the journal of this database, once.
func (a *Agent) beginJournal(ctx context.Context) error {
	return a.db.Write(ctx, func(tx *sqldb.Tx) error {
		state, err := agentstore.LoadState(ctx, tx)
		if err != nil || state[agentstore.StateJournal] != "" {
			return err
		}
		id, err := a.newID()
		if err != nil {
			return err
		}
		return agentstore.SaveState(ctx, tx, agentstore.StateJournal, id.String())
	})
}

// DB is the agent's database, for the packages that keep something beside it (courier). It is
// closed with the agent.
func (a *Agent) DB() *sqldb.DB { return a.db }
