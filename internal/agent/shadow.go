package agent

import (
	"context"
	"fmt"
	"strconv"
	"time"

	"lantern"
	"lantern/internal/queue"
	"lantern/internal/sqldb"
)

// Shadow mode and sampling: how an agent is introduced. Neither ever answers ok, so that
// nobody takes what they leave out for "no match".

// takesPart reports whether a record is in the part of its source that takes part.
func (a *Agent) takesPart(source, ref string) bool {
	return a.sampling.Percent(source) >= 100 || a.sampling.Takes(source, a.sealer.Index("agent/sample", source, ref))
}

// skip answers a record that does not take part.
func (l *look) skip(source string) {
	l.answer.State = lantern.NotSampled
	l.answer.Reasons = []string{lantern.OutOfSample + ": of this source " + strconv.FormatFloat(l.a.sampling.Percent(source), 'g', -1, 64) + " % of the records are looked up, and this is none of them"}
}

// shade takes the matches out of answers and says so.
func shade(looks []*look) {
	for _, l := range looks {
		l.answer.Matches = []lantern.Match{}
		if l.answer.State == lantern.AnswerOK || l.answer.State == lantern.AnswerStale {
			l.answer.State = lantern.AnswerShadow
		}
	}
}

// countVolume counts what would have been hits.
func (a *Agent) countVolume(ctx context.Context, looks []*look) error {
	var all []lantern.Match
	for _, l := range looks {
		all = append(all, l.answer.Matches...)
	}
	if len(all) == 0 {
		return nil
	}
	now := a.clock()
	if err := a.db.Write(ctx, func(tx *sqldb.Tx) error { return queue.Count(ctx, tx, all, now) }); err != nil {
		return fmt.Errorf("counting matches: %w", err)
	}
	return nil
}

// Volume returns what the agent counted in shadow mode since a day, of at most the last 90:
// what would have been hits, by program, type, way of matching and distance.
func (a *Agent) Volume(ctx context.Context, since time.Time) (v lantern.Volume, err error) {
	err = a.db.Read(ctx, func(tx *sqldb.Tx) (err error) {
		v, err = queue.Volume(ctx, tx, since)
		return err
	})
	if err != nil {
		return v, fmt.Errorf("reading the volume: %w", err)
	}
	v.Shadow = a.shadow
	return v, nil
}
