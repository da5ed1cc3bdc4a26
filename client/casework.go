package client

import (
	"context"
	"io"
	"net/http"
	"net/url"
	"strconv"

	"lantern"
)

// Hit returns one hit.
func (a *Agent) Hit(ctx context.Context, id lantern.ID) (lantern.Hit, error) {
	return get[lantern.Hit](ctx, a.c, at("/v1/hits", id, ""), nil)
}

// HitAccounts lists a page of the own accounts with open hits, the one with the most urgent
// hit first, after one account; "" begins, and a limit of 0 means 100.
func (a *Agent) HitAccounts(ctx context.Context, after string, limit int) ([]lantern.AccountHits, error) {
	q := url.Values{}
	set(q, "after", after)
	if limit != 0 {
		q.Set("limit", strconv.Itoa(limit))
	}
	return list[lantern.AccountHits](ctx, a.c, "/v1/hits/accounts", q)
}

// Acts lists the acts of the last [lantern.UndoWindow], the newest first.
func (a *Agent) Acts(ctx context.Context) ([]lantern.Act, error) {
	return list[lantern.Act](ctx, a.c, "/v1/acts", nil)
}

// Undo puts back exactly what was before an act (a person's key), or says why it cannot.
// Undoing twice changes nothing.
func (a *Agent) Undo(ctx context.Context, act lantern.ID) (lantern.Act, error) {
	return call[lantern.Act](ctx, a.c, http.MethodPost, at("/v1/acts", act, "/undo"), nil, nil)
}

// PreviewBulk shows what a decision on all identical evidence would be (a person's key),
// with the sample that must be decided singly first. Nothing is decided.
func (a *Agent) PreviewBulk(ctx context.Context, d lantern.BulkDraft) (lantern.Bulk, error) {
	return post[lantern.Bulk](ctx, a.c, "/v1/bulks", d)
}

// Bulk returns a preview as it stands.
func (a *Agent) Bulk(ctx context.Context, id lantern.ID) (lantern.Bulk, error) {
	return get[lantern.Bulk](ctx, a.c, at("/v1/bulks", id, ""), nil)
}

// CommitBulk does what a preview showed (the key of the person who asked for it).
// Committing again returns the act.
func (a *Agent) CommitBulk(ctx context.Context, id lantern.ID, c lantern.BulkCommit) (lantern.Act, error) {
	return post[lantern.Act](ctx, a.c, at("/v1/bulks", id, "/commit"), c)
}

// CaseEvidence lists what evidence the candidates of a case share, each with the sample
// that is decided singly before the others are decided in bulk.
func (a *Agent) CaseEvidence(ctx context.Context, id lantern.ID) ([]lantern.CaseEvidence, error) {
	return list[lantern.CaseEvidence](ctx, a.c, at("/v1/cases", id, "/evidence"), nil)
}

// OwnCase takes a case over, or hands it on (a person's key).
func (a *Agent) OwnCase(ctx context.Context, id lantern.ID, to lantern.CaseOwner) (lantern.Case, error) {
	return post[lantern.Case](ctx, a.c, at("/v1/cases", id, "/owner"), to)
}

// SetCaseState closes a case, or opens it again (a person's key).
func (a *Agent) SetCaseState(ctx context.Context, id lantern.ID, s lantern.CaseState) (lantern.Case, error) {
	return post[lantern.Case](ctx, a.c, at("/v1/cases", id, "/state"), s)
}

// AddNote writes something down in a case (a person's key).
func (a *Agent) AddNote(ctx context.Context, id lantern.ID, n lantern.CaseNote) (lantern.CaseNote, error) {
	return post[lantern.CaseNote](ctx, a.c, at("/v1/cases", id, "/notes"), n)
}

// Notes lists a case's notes in their order (a person's key).
func (a *Agent) Notes(ctx context.Context, id lantern.ID) ([]lantern.CaseNote, error) {
	return list[lantern.CaseNote](ctx, a.c, at("/v1/cases", id, "/notes"), nil)
}

// AddTask notes something to be done in a case (a person's key).
func (a *Agent) AddTask(ctx context.Context, id lantern.ID, t lantern.CaseTask) (lantern.CaseTask, error) {
	return post[lantern.CaseTask](ctx, a.c, at("/v1/cases", id, "/tasks"), t)
}

// CaseTasks lists a case's tasks in their order (a person's key).
func (a *Agent) CaseTasks(ctx context.Context, id lantern.ID) ([]lantern.CaseTask, error) {
	return list[lantern.CaseTask](ctx, a.c, at("/v1/cases", id, "/tasks"), nil)
}

// FinishTask notes that a task of a case is done (a person's key).
func (a *Agent) FinishTask(ctx context.Context, id, task lantern.ID) (lantern.CaseTask, error) {
	return call[lantern.CaseTask](ctx, a.c, http.MethodPost, at("/v1/cases", id, at("/tasks", task, "/done")), nil, nil)
}

// Timeline lists a page of what happened in a case, after the event of a number; 0 begins,
// and a limit of 0 means 100.
func (a *Agent) Timeline(ctx context.Context, id lantern.ID, after, limit int) ([]lantern.CaseEvent, error) {
	q := url.Values{}
	if after != 0 {
		q.Set("after", strconv.Itoa(after))
	}
	if limit != 0 {
		q.Set("limit", strconv.Itoa(limit))
	}
	return list[lantern.CaseEvent](ctx, a.c, at("/v1/cases", id, "/timeline"), q)
}

// PreviewShare says what sharing a stream of [lantern.Draft] would hand to the case's
// program, and what must not leave (a person's key). Nothing is shared.
func (a *Agent) PreviewShare(ctx context.Context, id lantern.ID, drafts io.Reader) (lantern.SharePreview, error) {
	return upload[lantern.SharePreview](ctx, a.c, at("/v1/cases", id, "/share/preview"), drafts)
}

// ShareExactly is [Agent.ShareBack] of what a preview showed: unless its digest fits, nothing
// is shared.
func (a *Agent) ShareExactly(ctx context.Context, id lantern.ID, digest string, drafts io.Reader, emit func(lantern.ShareResult) error) error {
	return stream(ctx, a.c, at("/v1/cases", id, "/share"), url.Values{"digest": {digest}}, ndjson, drafts, emit)
}

// Propose asks for a second person's approval, where a program wants four eyes.
func (a *Agent) Propose(ctx context.Context, d lantern.ProposalDraft) (lantern.Proposal, error) {
	return post[lantern.Proposal](ctx, a.c, "/v1/proposals", d)
}

// Proposals lists the proposals in a state, the oldest first; "" is any.
func (a *Agent) Proposals(ctx context.Context, state lantern.ProposalState) ([]lantern.Proposal, error) {
	q := url.Values{}
	set(q, "state", string(state))
	return list[lantern.Proposal](ctx, a.c, "/v1/proposals", q)
}

// AnswerProposal approves or declines what another person proposed (a person's key).
func (a *Agent) AnswerProposal(ctx context.Context, id lantern.ID, answer lantern.ProposalAnswer) (lantern.Proposal, error) {
	return post[lantern.Proposal](ctx, a.c, at("/v1/proposals", id, "/answer"), answer)
}
