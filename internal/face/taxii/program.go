package taxii

import (
	"context"
	"slices"
	"time"

	"lantern"
	"lantern/internal/exchange"
	"lantern/internal/format/stix"
	"lantern/internal/policy"
)

// programs is the desk of an exchange's caller: each program of its member is an API root.
type programs struct {
	x     *exchange.Exchange
	actor policy.Actor
}

func (d *programs) roots(ctx context.Context) (discovery, []root, error) {
	doors, err := d.x.Doors(ctx, d.actor)
	if err != nil {
		return discovery{}, nil, err
	}
	about := discovery{Title: "Lantern", Description: "Signals of child-safety programs: clues that a person must review. One API root for each program of the caller's member."}
	list := make([]root, 0, len(doors))
	for _, door := range doors {
		p := door.Program
		r := root{name: p.ID.String(), program: p.ID, info: apiRoot{p.Name, p.Purpose, []string{Media}, maxBody}}
		if door.Read || door.Write {
			r.collections = []collection{describe(door, signals), describe(door, references), describe(door, outcomes)}
		}
		list = append(list, r)
		about.APIRoots = append(about.APIRoots, Prefix+"/"+r.name+"/")
	}
	if len(list) > 0 {
		about.Default = about.APIRoots[0]
	}
	return about, list, nil
}

// The collections of a program; the numbers are part of their ids.
const (
	signals    lantern.ID = 1
	references lantern.ID = 2
	outcomes   lantern.ID = 3
)

// Their aliases.
const (
	signalsAlias    = "signals"
	referencesAlias = "references"
	outcomesAlias   = "outcomes"
)

// stixMediaName and a version of STIX are the media type of an object.
const stixMediaName = "application/stix+json;version="

func describe(d exchange.Door, n lantern.ID) collection {
	c := collection{ID: stix.UUID("collection", d.Program.ID, n), CanRead: d.Read, MediaTypes: []string{stixMediaName + stix.SpecVersion}}
	switch n {
	case signals:
		c.Title, c.Alias, c.CanWrite = "Signals", signalsAlias, d.Write
		c.Description = "Indicators and attack-patterns of the program, oldest change first. What is revoked, or valid no longer, must match nowhere."
	case references:
		c.Title, c.Alias = "References", referencesAlias
		c.Description = "What signals refer to: members, labels and definitions of extensions."
	default:
		c.Title, c.Alias = "Outcomes", outcomesAlias
		c.Description = "What others did because of the member's own signals, as ranges: sightings that name nobody."
	}
	return c
}

func (d *programs) read(ctx context.Context, at place, what string, f filter) (page, error) {
	switch at.Alias {
	case referencesAlias:
		return d.readReferences(ctx, at.root.program, what, f)
	case outcomesAlias:
		return d.readOutcomes(ctx, at.root.program, what, f)
	}
	return d.readSignals(ctx, at.root.program, what, f)
}

// readSignals reads a page of the program's feed.
func (d *programs) readSignals(ctx context.Context, program lantern.ID, what string, f filter) (p page, err error) {
	q := exchange.ForeignQuery{After: f.after, Limit: f.limit, Bound: f.bound("taxii " + what)}
	if len(f.types)+len(f.versions)+len(f.specs) > 0 {
		q.Wants = func(t lantern.SignalType, changed time.Time) bool { return f.passes(stix.Header(t, changed)) }
	}
	if len(f.ids) > 0 {
		q.Signals = []lantern.ID{}
		for _, text := range f.ids {
			if id, ok := stix.ParseID(program, text); ok && !slices.Contains(q.Signals, id) {
				q.Signals = append(q.Signals, id)
			}
		}
	}
	got, err := d.x.ForeignFeed(ctx, d.actor, program, q, f.next)
	for i := range got.Changes {
		p.records = append(p.records, record{Object: stix.Signal(program, &got.Changes[i]), spec: stix.SpecVersion, added: got.Changes[i].Time})
	}
	if got.More {
		p.next = got.Next
	}
	return p, err
}
