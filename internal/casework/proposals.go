package casework

import (
	"context"
	"fmt"
	"time"

	"lantern"
	"lantern/audit"
	"lantern/internal/agentstore"
	"lantern/internal/policy"
	"lantern/internal/sqldb"
)

// maxProposals bounds the list of proposals.
const maxProposals = 1000

// Propose asks for a second person's approval, where a program wants four eyes: of an
// outcome of a case, which is composed and counted as it will be sent, or of an act in bulk
// whose sample was decided. Nothing leaves, and nothing is decided. Another person answers
// within [lantern.ProposalLife]; then the proposer sends the outcome, or commits the act.
func (w *Desk) Propose(ctx context.Context, who policy.Actor, d lantern.ProposalDraft) (lantern.Proposal, error) {
	if err := d.Validate(); err != nil {
		return lantern.Proposal{}, err
	}
	var ids [2]lantern.ID
	for i := range ids {
		var err error
		if ids[i], err = lantern.NewID(w.Random); err != nil {
			return lantern.Proposal{}, err
		}
	}
	var row agentstore.ProposalRow
	err := w.DB.Write(ctx, func(tx *sqldb.Tx) (err error) {
		row = agentstore.ProposalRow{Proposal: lantern.Proposal{ID: ids[0], Person: who.Person, At: w.Clock(), State: lantern.ProposalWaits}}
		row.Expires = row.At.Add(lantern.ProposalLife)
		if err := w.lapse(ctx, tx); err != nil {
			return err
		}
		if d.Outcome != nil {
			err = w.proposeOutcome(ctx, tx, who, d.Case, *d.Outcome, ids[1], &row)
		} else {
			err = w.proposeBulk(ctx, tx, who, d.Bulk, &row)
		}
		if err != nil {
			return err
		}
		if before, found, err := agentstore.ProposalFor(ctx, tx, row.Local, row.Bulk); err != nil || found && before.State == lantern.ProposalWaits {
			if err == nil {
				err = lantern.Errorf(lantern.Conflict, "it is proposed already, and waits")
			}
			return err
		}
		if err := agentstore.InsertProposal(ctx, tx, row); err != nil {
			return err
		}
		return w.told(ctx, tx, &row, who.Person, lantern.CaseProposed)
	})
	if err != nil {
		return lantern.Proposal{}, fmt.Errorf("proposing: %w", err)
	}
	return row.Proposal, nil
}

// proposeOutcome composes an outcome that waits. One that was kept before the program asked
// for four eyes is proposed as it is.
func (w *Desk) proposeOutcome(ctx context.Context, tx *sqldb.Tx, who policy.Actor, id lantern.ID, o lantern.CaseOutcome, local lantern.ID, row *agentstore.ProposalRow) error {
	if err := CheckOutcome(o); err != nil {
		return err
	}
	k, err := OpenCase(ctx, tx, id)
	if err != nil {
		return err
	}
	if !k.FourEyes || !o.Kind.Act() {
		return lantern.Errorf(lantern.Conflict, "the program asks for no second person here")
	}
	if err := w.mayDecideIn(ctx, tx, who, []lantern.ID{k.Program}, ""); err != nil {
		return err
	}
	out, found, err := agentstore.PendingOutcome(ctx, tx, id, 0, o.Kind)
	if err != nil {
		return err
	}
	if !found {
		out = agentstore.OutcomeRow{ID: local, CaseID: id, Person: who.Person, At: row.At}
		if out.Body, err = w.Compose(ctx, tx, k, local, who.Person, o); err != nil {
			return err
		}
		if err := agentstore.InsertOutcome(ctx, tx, out); err != nil {
			return err
		}
	}
	if out.Person != who.Person {
		return ErrAnother
	}
	row.Case, row.Local, row.Outcome, row.Count = id, out.ID, o.Kind, out.Body.Count
	row.Ground, row.Singly, row.InBulk, row.Digest = out.Body.Attestation.Ground, out.Body.Attestation.Singly, out.Body.Attestation.InBulk, out.Body.Attestation.Digest
	return nil
}

// proposeBulk takes what a preview says of itself.
func (w *Desk) proposeBulk(ctx context.Context, tx *sqldb.Tx, who policy.Actor, id lantern.ID, row *agentstore.ProposalRow) error {
	b, err := w.bulk(ctx, tx, id)
	switch {
	case err != nil:
		return err
	case b.Person != who.Person:
		return lantern.Errorf(lantern.Forbidden, "another person asked for this preview")
	case !b.FourEyes || b.Act != 0:
		return lantern.Errorf(lantern.Conflict, "no second person is needed, or it is done")
	case !b.Ready:
		return &lantern.Error{Kind: lantern.Conflict, Reason: "the sample was not decided yet", Fix: "decide it first: the second person approves what was looked at"}
	}
	if err := w.mayDecideAlike(ctx, tx, who, &b); err != nil {
		return err
	}
	row.Case, row.Bulk, row.Decision, row.Count, row.Digest, row.InBulk, row.Singly = b.Evidence.Case, b.ID, b.Decision, b.Count, b.Digest, b.Count, len(b.Sample)
	return nil
}

// told writes what became of a proposal into the log and, if it has a case, the timeline.
func (w *Desk) told(ctx context.Context, tx *sqldb.Tx, p *agentstore.ProposalRow, person lantern.ID, kind lantern.CaseEventKind) error {
	word := string(p.Outcome)
	if p.Bulk != 0 {
		word = string(p.Decision)
	}
	if p.Case != 0 {
		e := lantern.CaseEvent{Kind: kind, Person: person, Object: p.ID, Count: p.Count, Word: word, At: w.Clock()}
		if err := agentstore.AddCaseEvent(ctx, tx, p.Case, e); err != nil {
			return err
		}
	}
	return w.Record(ctx, tx, audit.Decide, map[string]any{"person": person},
		map[string]any{"proposal": p.ID, "event": kind, "case": p.Case, "preview": p.Bulk, "kind": word, "count": p.Count, "digest": p.Digest})
}

// Proposals lists the proposals in a state, the oldest first, at most a thousand; "" is any.
func (w *Desk) Proposals(ctx context.Context, state lantern.ProposalState) ([]lantern.Proposal, error) {
	all := []lantern.Proposal{}
	err := w.DB.Read(ctx, func(tx *sqldb.Tx) error {
		rows, err := agentstore.LoadProposals(ctx, tx, state, maxProposals)
		for _, r := range rows {
			all = append(all, r.Proposal)
		}
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("listing proposals: %w", err)
	}
	return all, nil
}

// AnswerProposal is the second person's word, which the proposer cannot give. It names the
// digest of what was looked at. A declined outcome is forgotten, and its accounts are free
// to be counted again. Declining wants no training: it settles nothing.
func (w *Desk) AnswerProposal(ctx context.Context, who policy.Actor, id lantern.ID, answer lantern.ProposalAnswer) (lantern.Proposal, error) {
	var row agentstore.ProposalRow
	late := false
	err := w.DB.Write(ctx, func(tx *sqldb.Tx) error {
		if err := w.lapse(ctx, tx); err != nil {
			return err
		}
		var found bool
		var err error
		if row, found, err = agentstore.LoadProposal(ctx, tx, id); err != nil {
			return err
		}
		late = found && row.State == lantern.ProposalLapsed
		switch {
		case late:
			return nil // the lapse stands; the caller is told below
		case !found:
			return lantern.Errorf(lantern.NotFound, "no such proposal")
		case row.Person == who.Person:
			return &lantern.Error{Kind: lantern.Forbidden, Reason: "whoever proposes cannot answer", Fix: "ask a colleague"}
		case row.State != lantern.ProposalWaits:
			return lantern.Errorf(lantern.Conflict, "the proposal does not wait any more")
		case answer.Digest != row.Digest:
			return &lantern.Error{Kind: lantern.Conflict, Field: "/digest", Reason: "not the digest of this proposal", Fix: "look at it again"}
		}
		kind := lantern.CaseApproved
		row.State = lantern.ProposalApproved
		if !answer.Approve {
			row.State, kind = lantern.ProposalDeclined, lantern.CaseDeclined
		} else if err := w.mayApprove(ctx, tx, who, &row); err != nil {
			return err
		}
		row.Second, row.Answered = who.Person, w.Clock()
		if err := agentstore.AnswerProposal(ctx, tx, id, row.State, who.Person, row.Answered); err != nil {
			return err
		}
		if !answer.Approve && row.Local != 0 {
			if err := agentstore.DropOutcome(ctx, tx, row.Local); err != nil {
				return err
			}
		}
		return w.told(ctx, tx, &row, who.Person, kind)
	})
	if err == nil && late {
		err = lantern.Errorf(lantern.Conflict, "the proposal lapsed")
	}
	if err != nil {
		return lantern.Proposal{}, fmt.Errorf("answering a proposal: %w", err)
	}
	return row.Proposal, nil
}

// mayApprove refuses the approval of whoever may not decide the same.
func (w *Desk) mayApprove(ctx context.Context, tx *sqldb.Tx, who policy.Actor, p *agentstore.ProposalRow) error {
	if p.Bulk != 0 {
		b, err := w.bulk(ctx, tx, p.Bulk)
		if err != nil {
			return err
		}
		return w.mayDecideAlike(ctx, tx, who, &b)
	}
	k, err := MustCase(ctx, tx, p.Case)
	if err != nil {
		return err
	}
	return w.mayDecideIn(ctx, tx, who, []lantern.ID{k.Program}, "")
}

// Approved refuses an outcome, by the agent's own id, or an act in bulk, that no second
// person approved as it is.
func (w *Desk) Approved(ctx context.Context, tx *sqldb.Tx, outcome, bulk lantern.ID, digest string) error {
	p, found, err := agentstore.ProposalFor(ctx, tx, outcome, bulk)
	if err == nil && (!found || p.State != lantern.ProposalApproved || p.Digest != digest) {
		err = ErrSecond
	}
	return err
}

// ErrSecond says what a program that asks for four eyes wants.
var ErrSecond = &lantern.Error{Kind: lantern.Forbidden, Reason: "the program asks for a second person, and none has approved",
	Fix: "propose it, have a colleague approve, and call again"}

// ErrAnother says that an outcome of somebody else is on its way.
var ErrAnother = &lantern.Error{Kind: lantern.Conflict, Reason: "another person's outcome of this kind still waits for the exchange's answer", Fix: "have that person send it again"}

// EndProposal moves the proposal of an outcome, or of an act in bulk, to its last state, if
// there is one that was approved or waits.
func EndProposal(ctx context.Context, tx *sqldb.Tx, outcome, bulk lantern.ID, state lantern.ProposalState, at time.Time) error {
	p, found, err := agentstore.ProposalFor(ctx, tx, outcome, bulk)
	if err != nil || !found || p.State != lantern.ProposalApproved && p.State != lantern.ProposalWaits {
		return err
	}
	return agentstore.AnswerProposal(ctx, tx, p.ID, state, 0, at)
}

// lapse ends the proposals nobody answered in time, and forgets their outcomes.
func (w *Desk) lapse(ctx context.Context, tx *sqldb.Tx) error {
	now := w.Clock()
	old, err := agentstore.OldProposals(ctx, tx, now.Add(-lantern.ProposalLife))
	if err != nil {
		return err
	}
	for _, p := range old {
		if err := agentstore.AnswerProposal(ctx, tx, p.ID, lantern.ProposalLapsed, 0, now); err != nil {
			return err
		}
		if p.Local != 0 {
			if err := agentstore.DropOutcome(ctx, tx, p.Local); err != nil {
				return err
			}
		}
		if err := w.told(ctx, tx, &p, 0, lantern.CaseLapsed); err != nil {
			return err
		}
	}
	return nil
}
