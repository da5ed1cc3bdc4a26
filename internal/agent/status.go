package agent

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"time"

	"lantern"
	"lantern/internal/agentstore"
	"lantern/internal/engine"
	"lantern/internal/monitor"
	"lantern/internal/queue"
	"lantern/internal/sqldb"
)

// Status says how the agent stands.
func (a *Agent) Status(ctx context.Context) (lantern.AgentStatus, error) {
	now := a.clock()
	fresh := a.freshness(now)
	s := lantern.AgentStatus{
		Member: a.memberID(), Answers: fresh.state, Reasons: slices.Clone(fresh.reasons),
		Shadow: a.shadow, Sampling: a.sampling.All(),
		Programs: []lantern.ProgramStatus{}, Signals: a.engine.Len(), Log: lantern.AgentLogStatus{Fault: fresh.fault},
	}
	edits := a.edits.Load()
	err := a.db.Read(ctx, func(tx *sqldb.Tx) error {
		programs, err := agentstore.LoadPrograms(ctx, tx)
		if err != nil {
			return err
		}
		counts, err := a.placed.Count(ctx, tx, edits)
		if err != nil {
			return err
		}
		for _, p := range programs {
			s.Programs = append(s.Programs, a.programStatus(p, counts[p.ID], now))
		}
		state, err := agentstore.LoadState(ctx, tx)
		if err != nil {
			return err
		}
		if back := backText(state[agentstore.StateWentBack], now); back != "" {
			s.Reasons = append(s.Reasons, back)
		}
		if loss := agentstore.LossText(state, now); loss != "" {
			s.Reasons = append(s.Reasons, loss)
		}
		if doubt := engine.DoubtText(state[agentstore.StateDoubt], now); doubt != "" {
			s.Reasons = append(s.Reasons, doubt)
		}
		if err := logStatus(&s.Log, state); err != nil {
			return err
		}
		if s.Hits, err = agentstore.CountHits(ctx, tx); err != nil {
			return err
		}
		if s.Acks, err = agentstore.CountAcks(ctx, tx); err != nil {
			return err
		}
		if s.Held, err = agentstore.CountAllHeld(ctx, tx); err != nil {
			return err
		}
		if s.Quarantined, err = agentstore.CountQuarantine(ctx, tx); err != nil {
			return err
		}
		if s.Overdue, err = queue.Overdue(ctx, tx, now); err != nil {
			return err
		}
		if s.HeldBack, s.Redo, err = agentstore.HeldBack(ctx, tx, s.Member); err != nil {
			return err
		}
		s.Tasks, err = agentstore.CountTasks(ctx, tx)
		return err
	})
	if err != nil {
		return s, fmt.Errorf("reading the status: %w", err)
	}
	for _, p := range s.Programs {
		if p.Contact.After(s.LastContact) {
			s.LastContact = p.Contact
		}
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.problem != "" {
		s.Reasons = append(s.Reasons, a.problem)
	}
	return s, nil
}

// programStatus is one program's row with what memory knows of it.
func (a *Agent) programStatus(p agentstore.ProgramRow, signals int, now time.Time) lantern.ProgramStatus {
	s := lantern.ProgramStatus{Program: p.ID, Name: p.Name, Loaded: p.Loaded, Seq: p.Seq, Signals: signals, Contact: p.Contact}
	a.mu.Lock()
	defer a.mu.Unlock()
	if f := a.feeds[p.ID]; f != nil {
		s.Problem = f.problem
		if f.contact.After(s.Contact) {
			s.Contact = f.contact
		}
	}
	if !s.Contact.IsZero() {
		s.Behind = lantern.Seconds(now.Sub(s.Contact) / time.Second)
	}
	return s
}

// logStatus says what was verified of the exchange's log.
func logStatus(s *lantern.AgentLogStatus, state map[string]string) error {
	s.Leaf, _ = strconv.ParseInt(state[agentstore.StateLeaf], 10, 64)
	if checked, err := strconv.ParseInt(state[agentstore.StateChecked], 10, 64); err == nil {
		s.Checked = agentstore.FromMicros(checked)
	}
	if state[agentstore.StateCheckpoint] == "" {
		return nil
	}
	c, err := monitor.Newest(state)
	if err != nil {
		return fmt.Errorf("reading the newest checkpoint seen: %w", err)
	}
	s.Size = c.Size
	return nil
}
