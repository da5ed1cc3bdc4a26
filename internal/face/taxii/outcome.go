package taxii

import (
	"context"
	"time"

	"lantern"
	"lantern/internal/exchange"
	"lantern/internal/format/stix"
)

// readOutcomes reads a page of what others did because of the member's own signals. The sums
// are read for what is on the page alone. A place in the list is a time, since what changes moves to
// its end; times are made to rise where several changed at one.
func (d *programs) readOutcomes(ctx context.Context, program lantern.ID, what string, f filter) (p page, err error) {
	seen, err := d.x.OutcomesSeen(ctx, d.actor, program)
	if err != nil {
		if lantern.KindOf(err) == lantern.Forbidden { // a key that may not read outcomes finds none
			err = nil
		}
		return p, err
	}
	list, behind := make([]record, len(seen)), map[string]exchange.OutcomeSeen{}
	var last time.Time
	for i, s := range seen {
		if last = last.Add(time.Microsecond); s.Changed.After(last) {
			last = s.Changed
		}
		o := stix.OutcomesHeader(program, s.Signal, s.Created, s.Changed)
		list[i], behind[o.ID] = record{o, stix.SpecVersion, last, last.UnixMicro()}, s
	}
	if p, err = d.listed(program, list, "outcomes "+what, f); err != nil || what == "manifest" {
		return p, err
	}
	for i := range p.records {
		s := behind[p.records[i].ID]
		sums, err := d.x.OutcomeTotals(ctx, d.actor, s.Signal)
		if err != nil {
			return p, err
		}
		p.records[i].Object = stix.Outcomes(program, s.Type, s.Created, s.Changed, sums)
	}
	return p, nil
}
