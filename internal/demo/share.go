package demo

import (
	"context"
	"fmt"
	"path/filepath"
	"slices"

	"lantern"
	"lantern/internal/demo/desk"
	"lantern/internal/demo/stage"
	"lantern/internal/demo/tally"
	"lantern/internal/demo/tell"
	"lantern/internal/draft"
)

// shareRemoved is the first chapter: the file host shares the addresses it removed.
func (s *story) shareRemoved(ctx context.Context) error {
	c := s.Company(stage.Cloudbin)
	s.chapter("Cloudbin shares the addresses it removed",
		"Removing a folder ends one copy. Whoever passed its address on is still out there, on platforms Cloudbin cannot see.")
	path := filepath.Join(c.Dir, desk.TableName)
	if err := desk.WriteTable(path, s.trade.Removed); err != nil {
		return err
	}
	rows, err := desk.ReadTable(path, s.program(hosting))
	if err != nil {
		return err
	}
	if err := s.dryRun(ctx, c, rows); err != nil {
		return err
	}
	s.f.Shared = tally.NewShareFigures()
	bar := s.n.Bar("sharing", len(rows))
	defer bar.Stop()
	drafts := make([]lantern.Draft, len(rows))
	for i := range rows {
		drafts[i] = rows[i].Draft
	}
	for batch := range slices.Chunk(drafts, lantern.MaxBatch) {
		if err := s.shareAs(ctx, c, &s.f.Shared, batch); err != nil {
			return err
		}
		bar.Add(len(batch))
	}
	bar.Stop()
	f := &s.f.Shared
	s.n.Says(c.Name, "its submitter shares the table with the program %q, each row with the policy broken and the date of a person's review: "+
		"%s, %s already said in another spelling, %s refused and stored nowhere.", hosting,
		tell.Some(f.Results[lantern.Created], "signal", "signals"), tell.Count(f.Results[lantern.Unchanged]), tell.Count(f.Results[lantern.Refused]))
	days, err := s.life(ctx, c, s.signals[drafts[0].Value])
	if err != nil {
		return err
	}
	s.n.Adds("Each ends by itself after %d days, unless a person looks again and renews it.", days)
	receivers := []string{stage.Facegram, stage.Chatter, stage.Pixelplay}
	for _, name := range receivers {
		if err := s.Company(name).CaughtUp(ctx, s.program(hosting), f.Stand()); err != nil {
			return err
		}
	}
	s.n.Says("agents", "%s hold all %s now; each delivery is an entry of the log.", tell.List(receivers), tell.Count(f.Stand()))
	return nil
}

// dryRun checks the table as `lantern share --dry-run` does: by the rules of the member's
// programs, on the member's own machine. Nothing of the table is sent.
func (s *story) dryRun(ctx context.Context, c *stage.Company, rows []lantern.Signal) error {
	me, err := c.People[stage.Submitter].Whoami(ctx)
	if err != nil {
		return fmt.Errorf("asking who shares: %w", err)
	}
	rules := draft.Rules{Me: &me, Now: s.clock.Now()}
	f := &s.f.DryRun
	first := map[string]bool{}
	var bad []string
	for i := range rows {
		f.Rows++
		key, err := rules.Check(&rows[i])
		switch {
		case err != nil:
			f.Refused++
			for _, e := range draft.Complaints(err) {
				bad = append(bad, fmt.Sprintf("row %d: refused, %s (%s)", i+2, e.Reason, e.Fix)) // the heading is row 1
			}
		case first[key]:
			f.Repeats++
		default:
			f.Ready++
		}
		first[key] = first[key] || err == nil
	}
	s.n.Says(c.Name, "its submitter checks %s first, on Cloudbin's own machine. Nothing is sent yet.", desk.TableName)
	s.n.Screen("Cloudbin: dry run of "+tell.Some(f.Rows, "row", "rows"), append([]string{
		fmt.Sprintf("%s in order", tell.Some(f.Ready, "row", "rows")),
		fmt.Sprintf("%s an address again in another spelling", tell.Some(f.Repeats, "row names", "rows name"))}, bad...)...)
	return nil
}

// life is for how many days a company's signal stands, as the exchange has it.
func (s *story) life(ctx context.Context, c *stage.Company, id lantern.ID) (int, error) {
	sig, err := c.People[stage.Submitter].Signal(ctx, id)
	if err != nil {
		return 0, fmt.Errorf("reading a signal: %w", err)
	}
	return int(sig.Expires.Sub(sig.Created).Round(day) / day), nil
}

// shareAs shares a batch as a company's submitter and counts what became of it.
func (s *story) shareAs(ctx context.Context, c *stage.Company, f *tally.ShareFigures, batch []lantern.Draft) error {
	results, err := c.People[stage.Submitter].ShareBatch(ctx, batch)
	if err != nil {
		return fmt.Errorf("sharing: %w", err)
	}
	for i, r := range results {
		f.Add(batch[i], r)
		if r.Signal != 0 {
			s.signals[batch[i].Value] = r.Signal
		}
	}
	return nil
}
