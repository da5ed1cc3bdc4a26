package agent

import (
	"context"
	"fmt"

	"lantern"
	"lantern/audit"
	"lantern/internal/agentstore"
	"lantern/internal/casework"
	"lantern/internal/sqldb"
)

// SendOutcome records an outcome of a case at the exchange, attested by the person who
// calls. Kinds that count accounts count those decided accordingly that no earlier
// outcome of the kind counted in the case, at most [lantern.MaxTokens] at once, and name
// each by a token: so the exchange counts an account once for the member, in whatever case
// it turned up, and still credits every signal that led to it. The attestation names the digest of exactly these decisions; for other kinds, whose
// count the caller gives, of all confirmed ones.
//
// The outcome is kept here before it is sent. If the answer gets lost (an error of kind
// Unavailable, or a crash), the same call by the same person sends the same outcome
// again, and the exchange counts it once. Where the program asks for four eyes, an outcome
// that tells of an act is sent only after [Agent.Propose] and a second person's approval,
// and is exactly what they approved.
func (a *Agent) SendOutcome(ctx context.Context, c Caller, id lantern.ID, o lantern.CaseOutcome) (lantern.Outcome, error) {
	if err := c.person(); err != nil {
		return lantern.Outcome{}, err
	}
	if err := casework.CheckOutcome(o); err != nil {
		return lantern.Outcome{}, err
	}
	local, err := a.newID()
	if err != nil {
		return lantern.Outcome{}, err
	}
	var row agentstore.OutcomeRow
	err = a.db.Write(ctx, func(tx *sqldb.Tx) error {
		k, err := casework.OpenCase(ctx, tx, id)
		if err != nil {
			return err
		}
		var found bool
		if row, found, err = agentstore.PendingOutcome(ctx, tx, id, 0, o.Kind); err != nil {
			return err
		}
		if k.FourEyes && o.Kind.Act() {
			return a.second(ctx, tx, &row)
		}
		if found {
			return nil
		}
		row = agentstore.OutcomeRow{ID: local, CaseID: id, Person: c.Person, At: a.clock()}
		if row.Body, err = a.desk.Compose(ctx, tx, k, row.ID, c.Person, o); err != nil {
			return err
		}
		return agentstore.InsertOutcome(ctx, tx, row)
	})
	if err != nil {
		return lantern.Outcome{}, fmt.Errorf("preparing an outcome: %w", err)
	}
	return a.send(ctx, c, row)
}

// second puts the person who approved an outcome under it, or says that none did.
func (a *Agent) second(ctx context.Context, tx *sqldb.Tx, row *agentstore.OutcomeRow) error {
	if row.ID == 0 {
		return casework.ErrSecond
	}
	if err := a.desk.Approved(ctx, tx, row.ID, 0, row.Body.Attestation.Digest); err != nil {
		return err
	}
	p, _, err := agentstore.ProposalFor(ctx, tx, row.ID, 0)
	row.Body.Attestation.Second = p.Second
	return err
}

// send sends a kept outcome and notes the answer. One that the exchange refuses is
// forgotten with its counts; one whose answer is missing stays to be sent again.
func (a *Agent) send(ctx context.Context, c Caller, row agentstore.OutcomeRow) (lantern.Outcome, error) {
	if row.Person != c.Person {
		return lantern.Outcome{}, casework.ErrAnother
	}
	sent, err := c.exchange.RecordOutcomeOnce(ctx, "outcome-"+row.ID.String(), row.Body)
	if err != nil {
		switch lantern.KindOf(err) {
		case lantern.Invalid, lantern.Forbidden, lantern.NotFound, lantern.Conflict, lantern.TooLarge, lantern.Unauthorized:
			derr := a.db.Write(ctx, func(tx *sqldb.Tx) error {
				if err := casework.EndProposal(ctx, tx, row.ID, 0, lantern.ProposalLapsed, a.clock()); err != nil {
					return err
				}
				return agentstore.DropOutcome(ctx, tx, row.ID)
			})
			if derr != nil {
				return lantern.Outcome{}, fmt.Errorf("forgetting a refused outcome: %w", derr)
			}
		}
		return lantern.Outcome{}, fmt.Errorf("sending an outcome: %w", err)
	}
	err = a.db.Write(ctx, func(tx *sqldb.Tx) error {
		if err := agentstore.SettleOutcome(ctx, tx, row.ID, sent); err != nil {
			return err
		}
		if err := casework.EndProposal(ctx, tx, row.ID, 0, lantern.ProposalDone, a.clock()); err != nil {
			return err
		}
		if row.CaseID != 0 {
			event := lantern.CaseEvent{Kind: lantern.CaseOutcomeOut, Person: c.Person, Object: sent.ID, Count: sent.Count, Word: string(sent.Kind), At: a.clock()}
			if err := agentstore.AddCaseEvent(ctx, tx, row.CaseID, event); err != nil {
				return err
			}
		}
		what := map[string]any{"outcome": sent.ID, "case": row.CaseID, "correction": row.Task, "kind": sent.Kind, "count": sent.Count, "counted": sent.Counted}
		if row.Body.Attestation != nil {
			what["decisions_digest"], what["approved_by"] = row.Body.Attestation.Digest, row.Body.Attestation.Second
		}
		return a.record(ctx, tx, logged{audit.Outcome, map[string]any{"person": c.Person}, what})
	})
	if err != nil {
		return lantern.Outcome{}, fmt.Errorf("recording an outcome: %w", err)
	}
	return sent, nil
}

// RuleTask settles a review task: what was done because of the fallen signal stands, on
// grounds of its own, or is reversed. Reversed acts are told to the exchange, attested by
// the person who calls: for each outcome that counted accounts resting on the signal, how
// many of them.
func (a *Agent) RuleTask(ctx context.Context, c Caller, correction lantern.ID, r lantern.TaskRuling) (lantern.ReviewTask, error) {
	if err := c.person(); err != nil {
		return lantern.ReviewTask{}, err
	}
	if err := r.Validate(); err != nil {
		return lantern.ReviewTask{}, err
	}
	task, err := a.reviewTask(ctx, correction)
	if err != nil {
		return lantern.ReviewTask{}, err
	}
	if task.Result != "" && task.Result != r.Result {
		return lantern.ReviewTask{}, lantern.Errorf(lantern.Conflict, "the task is settled otherwise")
	}
	if r.Result == "reversed" {
		for _, outcome := range task.Outcomes {
			if err := a.reverse(ctx, c, task, outcome, r.Ground); err != nil {
				return lantern.ReviewTask{}, err
			}
		}
	}
	err = a.db.Write(ctx, func(tx *sqldb.Tx) error {
		if err := agentstore.SettleTask(ctx, tx, correction, r, c.Person, a.clock()); err != nil {
			return err
		}
		return a.record(ctx, tx, logged{audit.Decide, map[string]any{"person": c.Person, "ground": r.Ground},
			map[string]any{"correction": correction, "result": r.Result}})
	})
	if err != nil {
		return lantern.ReviewTask{}, fmt.Errorf("settling a review task: %w", err)
	}
	return a.reviewTask(ctx, correction)
}

// reviewTask returns one task in wire form.
func (a *Agent) reviewTask(ctx context.Context, correction lantern.ID) (lantern.ReviewTask, error) {
	var row agentstore.TaskRow
	var found bool
	err := a.db.Read(ctx, func(tx *sqldb.Tx) (err error) {
		row, found, err = agentstore.LoadTask(ctx, tx, correction)
		return err
	})
	if err != nil {
		return lantern.ReviewTask{}, fmt.Errorf("reading a review task: %w", err)
	}
	if !found {
		return lantern.ReviewTask{}, lantern.Errorf(lantern.NotFound, "no review task for this correction")
	}
	return casework.TaskOf(&row)
}

// reverse takes back the part of one outcome that rested on the fallen signal, once.
func (a *Agent) reverse(ctx context.Context, c Caller, task lantern.ReviewTask, outcome lantern.ID, ground string) error {
	local, err := a.newID()
	if err != nil {
		return err
	}
	var row agentstore.OutcomeRow
	send := false
	err = a.db.Write(ctx, func(tx *sqldb.Tx) error {
		send = false
		done, err := agentstore.Answered(ctx, tx, task.Correction)
		if err != nil || done[outcome] {
			return err
		}
		if row, send, err = agentstore.PendingOutcome(ctx, tx, 0, task.Correction, lantern.Reversed); err != nil || send {
			return err
		}
		row = agentstore.OutcomeRow{ID: local, Task: task.Correction, Person: c.Person, At: a.clock()}
		row.Body, send, err = a.desk.ComposeReversal(ctx, tx, task, outcome, c.Person, ground)
		if err != nil || !send {
			return err
		}
		return agentstore.InsertOutcome(ctx, tx, row)
	})
	if err != nil {
		return fmt.Errorf("preparing a reversal: %w", err)
	}
	if !send {
		return nil
	}
	if _, err := a.send(ctx, c, row); err != nil {
		return err
	}
	if row.Body.Corrects != outcome {
		return a.reverse(ctx, c, task, outcome, ground) // an earlier call's reversal went first
	}
	return nil
}
