package replica

import (
	"context"
	"io"

	"lantern"
	"lantern/internal/agentstore"
	"lantern/internal/seal"
	"lantern/match"
)

// Ready is what a change brings of an active signal, made ready: it needs no transaction, and
// is the larger part of the work.
type Ready struct {
	Row      *agentstore.ReplicaRow
	Entry    match.Entry
	Readable bool // Entry is set: this version can read the value
}

// Page is a page of a feed made ready. It holds one change of each signal, the last one. This
// exchange never sends two in what one page takes in; whatever another one sends, what a signal
// was before must not be applied after what it became.
type Page struct {
	lantern.FeedPage
	Ready map[lantern.ID]Ready // of the active signals
}

// Prepare makes a page ready. random gives the keys of its rows and must be a secure source.
// A page that is returned beside an error lacks nothing but what stands in Ready.
func Prepare(ctx context.Context, sealer *seal.Sealer, random io.Reader, page lantern.FeedPage) (Page, error) {
	page.Changes = latest(page.Changes)
	p := Page{FeedPage: page, Ready: make(map[lantern.ID]Ready, len(page.Changes))}
	for i := range page.Changes {
		s := &page.Changes[i].Signal
		if s.State != lantern.Active {
			continue
		}
		row, err := Row(ctx, sealer, random, s)
		if err != nil {
			return p, err
		}
		r := Ready{Row: row}
		r.Entry, r.Readable = Entry(s.ID, s.Type, s.Value)
		p.Ready[s.ID] = r
	}
	return p, nil
}

// latest returns the last change of each signal, in the order of the changes.
func latest(changes []lantern.Change) []lantern.Change {
	last := make(map[lantern.ID]int, len(changes))
	for i := range changes {
		last[changes[i].Signal.ID] = i
	}
	if len(last) == len(changes) {
		return changes
	}
	rest := make([]lantern.Change, 0, len(last))
	for i := range changes {
		if last[changes[i].Signal.ID] == i {
			rest = append(rest, changes[i])
		}
	}
	return rest
}
