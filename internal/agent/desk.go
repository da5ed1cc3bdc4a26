package agent

import (
	"context"
	"iter"

	"lantern"
	"lantern/audit"
	"lantern/internal/casework"
	"lantern/internal/queue"
	"lantern/internal/sqldb"
)

// newDesk is where the agent's people work: package casework has the rules, and what each
// call does. Here stands who may call, and what is sent after it.
func (a *Agent) newDesk() *casework.Desk {
	return &casework.Desk{
		DB: a.db, Sealer: a.sealer, Clock: a.clock, Random: a.random,
		Record: func(ctx context.Context, tx *sqldb.Tx, kind audit.Kind, who, what any) error {
			return a.record(ctx, tx, logged{kind, who, what})
		},
	}
}

// asPerson makes a call that only a person may make.
func asPerson[A any](c Caller, do func(person lantern.ID) (A, error)) (A, error) {
	if err := c.person(); err != nil {
		var none A
		return none, err
	}
	return do(c.Person)
}

// deciding makes a call of a person that may call for feedback, and sends what is owed.
// What cannot be sent is sent with the next one.
func deciding[A any](ctx context.Context, a *Agent, c Caller, do func(person lantern.ID) (A, error)) (A, error) {
	answer, err := asPerson(c, do)
	if err == nil {
		_, err = a.sendReactions(ctx, c)
	}
	if err != nil {
		var none A
		return none, err
	}
	return answer, nil
}

// HitAccounts returns a page of the own accounts with open hits: [casework.Desk.HitAccounts].
// A limit of 0 means 100; at most [MaxHits].
func (a *Agent) HitAccounts(ctx context.Context, after string, limit int) ([]lantern.AccountHits, error) {
	if limit <= 0 {
		limit = 100
	}
	return a.desk.HitAccounts(ctx, after, min(limit, MaxHits), queue.Show)
}

// Acts lists the acts of the last [lantern.UndoWindow]: [casework.Desk.Acts].
func (a *Agent) Acts(ctx context.Context) ([]lantern.Act, error) { return a.desk.Acts(ctx) }

// Undo puts back exactly what was before an act: [casework.Desk.Undo]. Feedback that was
// sent is taken back at the exchange, with this call or the next of a person who may react.
func (a *Agent) Undo(ctx context.Context, c Caller, id lantern.ID) (lantern.Act, error) {
	return deciding(ctx, a, c, func(lantern.ID) (lantern.Act, error) { return a.desk.Undo(ctx, c.actor(), id) })
}

// PreviewBulk shows what a decision on all identical evidence would be:
// [casework.Desk.PreviewBulk].
func (a *Agent) PreviewBulk(ctx context.Context, c Caller, d lantern.BulkDraft) (lantern.Bulk, error) {
	return asPerson(c, func(lantern.ID) (lantern.Bulk, error) { return a.desk.PreviewBulk(ctx, c.actor(), d) })
}

// Bulk returns a preview as it stands.
func (a *Agent) Bulk(ctx context.Context, id lantern.ID) (lantern.Bulk, error) {
	return a.desk.Bulk(ctx, id)
}

// CommitBulk does what a preview showed: [casework.Desk.CommitBulk].
func (a *Agent) CommitBulk(ctx context.Context, c Caller, id lantern.ID, commit lantern.BulkCommit) (lantern.Act, error) {
	return deciding(ctx, a, c, func(lantern.ID) (lantern.Act, error) { return a.desk.CommitBulk(ctx, c.actor(), id, commit) })
}

// CaseEvidence lists what evidence the candidates of a case share:
// [casework.Desk.CaseEvidence].
func (a *Agent) CaseEvidence(ctx context.Context, id lantern.ID) ([]lantern.CaseEvidence, error) {
	return a.desk.CaseEvidence(ctx, id)
}

// Rule records a person's decisions on candidates of a case: [casework.Desk.Rule].
func (a *Agent) Rule(ctx context.Context, c Caller, id lantern.ID, rulings iter.Seq2[lantern.Ruling, error]) (lantern.Case, error) {
	return deciding(ctx, a, c, func(lantern.ID) (lantern.Case, error) { return a.desk.Rule(ctx, c.actor(), id, rulings) })
}

// OwnCase says who has a case in hand: [casework.Desk.OwnCase].
func (a *Agent) OwnCase(ctx context.Context, c Caller, id lantern.ID, to lantern.CaseOwner) (lantern.Case, error) {
	return asPerson(c, func(p lantern.ID) (lantern.Case, error) { return a.desk.OwnCase(ctx, p, id, to) })
}

// SetCaseState closes a case or opens it again: [casework.Desk.SetCaseState].
func (a *Agent) SetCaseState(ctx context.Context, c Caller, id lantern.ID, s lantern.CaseState) (lantern.Case, error) {
	return asPerson(c, func(p lantern.ID) (lantern.Case, error) { return a.desk.SetCaseState(ctx, p, id, s) })
}

// AddNote writes something down in a case: [casework.Desk.AddNote].
func (a *Agent) AddNote(ctx context.Context, c Caller, id lantern.ID, n lantern.CaseNote) (lantern.CaseNote, error) {
	return asPerson(c, func(p lantern.ID) (lantern.CaseNote, error) { return a.desk.AddNote(ctx, p, id, n) })
}

// Notes lists a case's notes in their order, to a person: they are sealed.
func (a *Agent) Notes(ctx context.Context, c Caller, id lantern.ID) ([]lantern.CaseNote, error) {
	return asPerson(c, func(lantern.ID) ([]lantern.CaseNote, error) { return a.desk.Notes(ctx, id) })
}

// AddTask notes something to be done in a case: [casework.Desk.AddTask].
func (a *Agent) AddTask(ctx context.Context, c Caller, id lantern.ID, t lantern.CaseTask) (lantern.CaseTask, error) {
	return asPerson(c, func(p lantern.ID) (lantern.CaseTask, error) { return a.desk.AddTask(ctx, p, id, t) })
}

// CaseTasks lists a case's tasks in their order, to a person: they are sealed.
func (a *Agent) CaseTasks(ctx context.Context, c Caller, id lantern.ID) ([]lantern.CaseTask, error) {
	return asPerson(c, func(lantern.ID) ([]lantern.CaseTask, error) { return a.desk.CaseTasks(ctx, id) })
}

// FinishTask notes that a task is done: [casework.Desk.FinishTask].
func (a *Agent) FinishTask(ctx context.Context, c Caller, id, task lantern.ID) (lantern.CaseTask, error) {
	return asPerson(c, func(p lantern.ID) (lantern.CaseTask, error) { return a.desk.FinishTask(ctx, p, id, task) })
}

// Timeline returns a page of what happened in a case: [casework.Desk.Timeline].
func (a *Agent) Timeline(ctx context.Context, id lantern.ID, after, limit int) ([]lantern.CaseEvent, error) {
	return a.desk.Timeline(ctx, id, after, limit)
}

// Propose asks for a second person's approval: [casework.Desk.Propose].
func (a *Agent) Propose(ctx context.Context, c Caller, d lantern.ProposalDraft) (lantern.Proposal, error) {
	return asPerson(c, func(lantern.ID) (lantern.Proposal, error) { return a.desk.Propose(ctx, c.actor(), d) })
}

// Proposals lists the proposals in a state, the oldest first; "" is any.
func (a *Agent) Proposals(ctx context.Context, state lantern.ProposalState) ([]lantern.Proposal, error) {
	return a.desk.Proposals(ctx, state)
}

// AnswerProposal is the second person's word: [casework.Desk.AnswerProposal].
func (a *Agent) AnswerProposal(ctx context.Context, c Caller, id lantern.ID, answer lantern.ProposalAnswer) (lantern.Proposal, error) {
	return asPerson(c, func(lantern.ID) (lantern.Proposal, error) { return a.desk.AnswerProposal(ctx, c.actor(), id, answer) })
}
