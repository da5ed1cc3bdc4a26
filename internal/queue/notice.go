package queue

import (
	"context"
	"strconv"
	"strings"

	"lantern"
	"lantern/internal/agentstore"
	"lantern/internal/sqldb"
)

// MaxNotices bounds what [Notices] returns.
const MaxNotices = 100

// Notices returns what was told behind a place, at most [MaxNotices], what is urgent first, as
// hits are by now, and the place behind it. more says that there is something behind that.
// A place of another journal, or ahead of this, is refused with [lantern.Resync].
func Notices(ctx context.Context, tx *sqldb.Tx, after lantern.Cursor) (list []lantern.Notice, next lantern.Cursor, more bool, err error) {
	p, err := placeOf(ctx, tx, after)
	if err != nil {
		return nil, "", false, err
	}
	rows, err := agentstore.LaneAfter(ctx, tx, true, p.urgent, MaxNotices)
	if err != nil {
		return nil, "", false, err
	}
	rest, err := agentstore.LaneAfter(ctx, tx, false, p.other, MaxNotices-len(rows))
	if err != nil {
		return nil, "", false, err
	}
	rows = append(rows, rest...)
	hits, err := eventHits(ctx, tx, rows)
	if err != nil {
		return nil, "", false, err
	}
	for _, e := range rows {
		p.pass(e)
		n := lantern.Notice{Next: p.cursor(), Event: e.Event, Hit: hits[e.Data.Object]}
		if (e.Type == lantern.HitOpened || e.Type == lantern.HitImminent) && n.Hit == nil {
			continue
		}
		list = append(list, n)
	}
	return list, p.cursor(), len(rows) == MaxNotices, nil
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
	shown, err := Show(ctx, tx, seen)
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

// BeginJournal names the journal of this database, once.
func (q *Queue) BeginJournal(ctx context.Context, tx *sqldb.Tx) error {
	state, err := agentstore.LoadState(ctx, tx)
	if err != nil || state[agentstore.StateJournal] != "" {
		return err
	}
	id, err := lantern.NewID(q.Random)
	if err != nil {
		return err
	}
	return agentstore.SaveState(ctx, tx, agentstore.StateJournal, id.String())
}
