package starter

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"lantern"
	"lantern/internal/agent"
)

// loadWithin is how long the first load of the feeds may take.
const loadWithin = 30 * time.Minute

// Load waits until an agent that runs has read every feed to its end, and returns how many
// signals it matches.
func Load(ctx context.Context, g *agent.Agent) (signals int, err error) {
	late := time.NewTimer(loadWithin)
	defer late.Stop()
	for {
		changed := g.Changed()
		s, err := g.Status(ctx)
		if err != nil {
			return 0, err
		}
		if s.Answers == lantern.AnswerOK {
			return s.Signals, nil
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return 0, ctx.Err()
		case <-late.C:
			return 0, &lantern.Error{Kind: lantern.Unavailable, Reason: "what is shared could not be loaded: " + strings.Join(s.Reasons, "; "), Fix: "lantern agent doctor finds out why"}
		}
	}
}

// tableBatch is how many rows are looked up together.
const tableBatch = 500

// Match looks all rows up and returns the hits they left, the gravest first.
func Match(ctx context.Context, g *agent.Agent, table *Table) (n Count, hits []lantern.Hit, err error) {
	refs := make(map[string]bool)
	for more := true; more; {
		var batch []lantern.Record
		var rows []Row
		for len(batch) < tableBatch && more {
			r, err := table.Next()
			if more = !errors.Is(err, io.EOF); err != nil && more {
				return n, nil, fmt.Errorf("%w; mend it and match the table again: nothing is counted twice", err)
			}
			if more {
				batch, rows = append(batch, r.Record), append(rows, r)
			}
		}
		answers, err := g.Match(ctx, batch, agent.MatchOptions{})
		if err != nil {
			return n, nil, err
		}
		for i, answer := range answers {
			n.take(&rows[i], answer)
			if len(answer.Matches) > 0 {
				refs[answer.Ref] = true
			}
		}
	}
	for f := (agent.HitFilter{Limit: agent.MaxHits}); ; {
		page, err := g.Hits(ctx, f)
		if err != nil {
			return n, nil, err
		}
		for _, h := range page {
			f.After = h.ID
			if refs[h.Ref] {
				hits = append(hits, h)
				if n.Matches++; Strong(h.Match) {
					n.Strong++
				}
			}
		}
		if len(page) < f.Limit {
			return n, hits, nil
		}
	}
}
