package match

import (
	"log/slog"
	"net/http"
	"reflect"

	"lantern"
	"lantern/internal/agent"
	"lantern/internal/courier"
	"lantern/internal/openapi"
	"lantern/internal/web"
)

// Face serves one agent.
type Face struct {
	agent   *agent.Agent
	courier *courier.Courier
}

// New returns the face of a, whose events c carries; nil: there are no webhooks.
func New(a *agent.Agent, c *courier.Courier) *Face { return &Face{agent: a, courier: c} }

// Handler returns a handler for all routes of the agent's API but those of webhooks that
// logs to log.
func Handler(a *agent.Agent, log *slog.Logger) http.Handler {
	m := web.NewMux(web.Options{Log: log})
	New(a, nil).Mount(m)
	return m
}

// Mount adds all routes to m.
func (f *Face) Mount(m *web.Mux) {
	routes := f.routes()
	if f.courier != nil {
		routes = append(routes, f.hookRoutes()...)
	}
	for _, r := range routes {
		m.Handle(r.Method+" "+r.Path, f.serve(r.handle))
	}
	m.Handle("GET /livez", web.Live)
	m.Handle("GET /readyz", web.Ready(f.agent.Ready))
	m.Handle("GET /openapi.json", document)
}

// route is one line of the table: an operation and what performs it.
type route struct {
	openapi.Operation
	handle handler
}

// typeOf names a type in the table.
func typeOf[T any]() reflect.Type { return reflect.TypeFor[T]() }

// routes is the whole face. A name is that of the agent's method, of the client's method and
// of the operation in the document.
func (f *Face) routes() []route {
	type of = openapi.Operation
	text, number := words, numbers
	return []route{
		{of{Method: "GET", Path: "/v1/status", Name: "Status", Summary: "Say how the agent stands.", Answer: typeOf[lantern.AgentStatus]()}, f.status},

		{of{Method: "POST", Path: "/v1/match", Name: "Match", Summary: "Look up to 1000 records up, or a stream of them. Each match becomes a hit unless it is dry.",
			Body: typeOf[lantern.Items[lantern.Record]](), Answer: typeOf[lantern.Answers](), BodyLines: typeOf[lantern.Record](), AnswerLines: typeOf[lantern.Answer](), Params: text("dry")}, f.match},
		{of{Method: "POST", Path: "/v1/scan", Name: "Scan", Summary: "Look at one file of any kind and size.",
			Body: typeOf[openapi.Text](), BodyMedia: "application/octet-stream", Answer: typeOf[lantern.Answer](), AnswerMedia: web.NDJSONMedia, Params: text("name", "ref", "account", "source", "dry")}, f.scan},
		{of{Method: "GET", Path: "/v1/signals/{id}", Name: "Reveal", Summary: "Show a person one signal with its value; it is logged.", Answer: typeOf[lantern.Signal]()}, f.reveal},
		{of{Method: "POST", Path: "/v1/pieces", Name: "Pieces", Summary: "Look at pieces of files: before the bytes of each stands a line that describes it. Each is answered while they come.",
			Body: typeOf[openapi.Text](), BodyMedia: "application/octet-stream", Answer: typeOf[lantern.PieceAnswer](), AnswerMedia: web.NDJSONMedia, Params: text("hunt", "dry")}, f.pieces},

		{of{Method: "GET", Path: "/v1/quarantine", Name: "Quarantine", Summary: "List the signals whose matches wait outside the queue, each with a sample.",
			Answer: typeOf[lantern.Items[lantern.Quarantine]]()}, list(f.agent.Quarantine)},
		{of{Method: "POST", Path: "/v1/quarantine/{id}/release", Name: "Release", Summary: "Let a quarantined signal hit again.",
			Body: typeOf[lantern.QuarantineRelease](), Answer: typeOf[lantern.QuarantineRelease]()}, f.release},
		{of{Method: "GET", Path: "/v1/volume", Name: "Volume", Summary: "Tell what was counted in shadow mode.", Answer: typeOf[lantern.Volume](), Params: text("since")}, f.volume},

		{of{Method: "GET", Path: "/v1/hunts", Name: "Hunts", Summary: "List the hunts.", Answer: typeOf[lantern.Items[lantern.Hunt]]()}, f.hunts},
		{of{Method: "POST", Path: "/v1/hunts/{name}/plan", Name: "PlanHunt", Summary: "Say of each file what is to be looked at.",
			Body: typeOf[lantern.Items[lantern.HuntedFile]](), Answer: typeOf[lantern.HuntResults](), Params: text("dry")}, f.planHunt},
		{of{Method: "DELETE", Path: "/v1/hunts/{name}", Name: "ForgetHunt", Summary: "Forget a hunt.", Status: http.StatusNoContent}, f.forgetHunt},

		{of{Method: "GET", Path: "/v1/tactics", Name: "Tactics", Summary: "List the tactics shared with the member.", Answer: typeOf[lantern.Items[lantern.Signal]]()}, list(f.agent.Tactics)},

		{of{Method: "GET", Path: "/v1/hits", Name: "Hits", Summary: "List hits, the greatest risk to a child first.",
			Answer: typeOf[lantern.Items[lantern.Hit]](), Params: append(text("state", "account", "incident", "after"), number("limit")...)}, f.hits},
		{of{Method: "GET", Path: "/v1/hits/follow", Name: "FollowHits", Summary: "Tell what happens to hits as lines, what is urgent first, and go on until the caller ends.",
			Answer: typeOf[lantern.Notice](), AnswerMedia: web.NDJSONMedia, Params: text("cursor", "once")}, f.follow},
		{of{Method: "GET", Path: "/v1/hits/accounts", Name: "HitAccounts", Summary: "List the own accounts with open hits, the one with the most urgent hit first.",
			Answer: typeOf[lantern.Items[lantern.AccountHits]](), Params: append(text("after"), number("limit")...)}, f.hitAccounts},
		{of{Method: "GET", Path: "/v1/hits/{id}", Name: "Hit", Summary: "Return one hit.", Answer: typeOf[lantern.Hit]()}, get(f.agent.Hit)},
		{of{Method: "POST", Path: "/v1/hits/decisions", Name: "DecideHits", Summary: "Record a person's decisions, each on its own.",
			Body: typeOf[lantern.Items[lantern.HitRuling]](), Answer: typeOf[lantern.HitResults]()}, f.decideHits},
		{of{Method: "GET", Path: "/v1/acts", Name: "Acts", Summary: "List the acts of the last 15 minutes, the newest first.", Answer: typeOf[lantern.Items[lantern.Act]]()}, list(f.agent.Acts)},
		{of{Method: "POST", Path: "/v1/acts/{id}/undo", Name: "Undo", Summary: "Put back exactly what was before an act.", Answer: typeOf[lantern.Act]()}, do(f.agent.Undo)},
		{of{Method: "POST", Path: "/v1/bulks", Name: "PreviewBulk", Summary: "Show what a decision on all identical evidence would be. Nothing is decided.",
			Body: typeOf[lantern.BulkDraft](), Answer: typeOf[lantern.Bulk](), Status: http.StatusCreated}, create(f.agent.PreviewBulk)},
		{of{Method: "GET", Path: "/v1/bulks/{id}", Name: "Bulk", Summary: "Return a preview as it stands.", Answer: typeOf[lantern.Bulk]()}, get(f.agent.Bulk)},
		{of{Method: "POST", Path: "/v1/bulks/{id}/commit", Name: "CommitBulk", Summary: "Do what a preview showed.", Body: typeOf[lantern.BulkCommit](), Answer: typeOf[lantern.Act]()}, act(f.agent.CommitBulk)},

		{of{Method: "POST", Path: "/v1/cases", Name: "OpenCase", Summary: "Open a case on signals that had hits.", Body: typeOf[lantern.CaseDraft](), Answer: typeOf[lantern.Case](), Status: http.StatusCreated}, create(f.agent.OpenCase)},
		{of{Method: "GET", Path: "/v1/cases", Name: "Cases", Summary: "List the cases, the newest first.", Answer: typeOf[lantern.Items[lantern.Case]]()}, list(f.agent.Cases)},
		{of{Method: "GET", Path: "/v1/cases/{id}", Name: "Case", Summary: "Return one case.", Answer: typeOf[lantern.Case]()}, get(f.agent.Case)},
		{of{Method: "POST", Path: "/v1/cases/{id}/owner", Name: "OwnCase", Summary: "Take a case over, or hand it on.", Body: typeOf[lantern.CaseOwner](), Answer: typeOf[lantern.Case]()}, act(f.agent.OwnCase)},
		{of{Method: "POST", Path: "/v1/cases/{id}/state", Name: "SetCaseState", Summary: "Close a case, or open it again.", Body: typeOf[lantern.CaseState](), Answer: typeOf[lantern.Case]()}, act(f.agent.SetCaseState)},
		{of{Method: "POST", Path: "/v1/cases/{id}/rounds", Name: "AddRound", Summary: "Widen a case by a stream of candidates, as a whole or not at all.",
			Body: typeOf[lantern.Candidate](), BodyMedia: web.NDJSONMedia, Answer: typeOf[lantern.Round](), Status: http.StatusCreated}, f.addRound},
		{of{Method: "GET", Path: "/v1/cases/{id}/candidates", Name: "Candidates", Summary: "List the accounts of a case as lines, in the order of rounds.", Answer: typeOf[lantern.CaseAccount](), AnswerMedia: web.NDJSONMedia}, f.candidates},
		{of{Method: "GET", Path: "/v1/cases/{id}/evidence", Name: "CaseEvidence", Summary: "List what evidence the candidates share, each with the sample that is decided singly.", Answer: typeOf[lantern.Items[lantern.CaseEvidence]]()}, listOf(f.agent.CaseEvidence)},
		{of{Method: "POST", Path: "/v1/cases/{id}/rulings", Name: "Rule", Summary: "Record a stream of decisions on candidates.", Body: typeOf[lantern.Ruling](), BodyMedia: web.NDJSONMedia, Answer: typeOf[lantern.Case]()}, f.rule},
		{of{Method: "POST", Path: "/v1/cases/{id}/notes", Name: "AddNote", Summary: "Write something down in a case.", Body: typeOf[lantern.CaseNote](), Answer: typeOf[lantern.CaseNote](), Status: http.StatusCreated}, made(f.agent.AddNote)},
		{of{Method: "GET", Path: "/v1/cases/{id}/notes", Name: "Notes", Summary: "List a case's notes, to a person.", Answer: typeOf[lantern.Items[lantern.CaseNote]]()}, listFor(f.agent.Notes)},
		{of{Method: "POST", Path: "/v1/cases/{id}/tasks", Name: "AddTask", Summary: "Note something to be done in a case.", Body: typeOf[lantern.CaseTask](), Answer: typeOf[lantern.CaseTask](), Status: http.StatusCreated}, made(f.agent.AddTask)},
		{of{Method: "GET", Path: "/v1/cases/{id}/tasks", Name: "CaseTasks", Summary: "List a case's tasks, to a person.", Answer: typeOf[lantern.Items[lantern.CaseTask]]()}, listFor(f.agent.CaseTasks)},
		{of{Method: "POST", Path: "/v1/cases/{id}/tasks/{task}/done", Name: "FinishTask", Summary: "Note that a task is done.", Answer: typeOf[lantern.CaseTask]()}, f.finishTask},
		{of{Method: "GET", Path: "/v1/cases/{id}/timeline", Name: "Timeline", Summary: "List what happened in a case, after the event of a number.",
			Answer: typeOf[lantern.Items[lantern.CaseEvent]](), Params: number("after", "limit")}, f.timeline},
		{of{Method: "POST", Path: "/v1/cases/{id}/outcomes", Name: "SendOutcome", Summary: "Count, attest and send an outcome of a case.", Body: typeOf[lantern.CaseOutcome](), Answer: typeOf[lantern.Outcome](), Status: http.StatusCreated}, made(f.agent.SendOutcome)},
		{of{Method: "POST", Path: "/v1/cases/{id}/share", Name: "ShareBack", Summary: "Share what a case found, as lines; with the digest of a preview exactly that, or nothing.",
			Body: typeOf[lantern.Draft](), BodyMedia: web.NDJSONMedia, Answer: typeOf[lantern.ShareResult](), AnswerMedia: web.NDJSONMedia, Params: text("digest")}, f.shareBack},
		{of{Method: "POST", Path: "/v1/cases/{id}/share/preview", Name: "PreviewShare", Summary: "Show exactly what the program would receive. Nothing is shared.",
			Body: typeOf[lantern.Draft](), BodyMedia: web.NDJSONMedia, Answer: typeOf[lantern.SharePreview]()}, f.previewShare},

		{of{Method: "POST", Path: "/v1/proposals", Name: "Propose", Summary: "Ask for a second person's approval, where a program wants four eyes.", Body: typeOf[lantern.ProposalDraft](), Answer: typeOf[lantern.Proposal](), Status: http.StatusCreated}, create(f.agent.Propose)},
		{of{Method: "GET", Path: "/v1/proposals", Name: "Proposals", Summary: "List proposals, the oldest first.", Answer: typeOf[lantern.Items[lantern.Proposal]](), Params: text("state")}, f.proposals},
		{of{Method: "POST", Path: "/v1/proposals/{id}/answer", Name: "AnswerProposal", Summary: "Approve or decline what another person proposed.", Body: typeOf[lantern.ProposalAnswer](), Answer: typeOf[lantern.Proposal]()}, act(f.agent.AnswerProposal)},

		{of{Method: "GET", Path: "/v1/corrections", Name: "ReviewTasks", Summary: "List what the member owes after corrections.", Answer: typeOf[lantern.Items[lantern.ReviewTask]]()}, list(f.agent.ReviewTasks)},
		{of{Method: "POST", Path: "/v1/corrections/{id}/ruling", Name: "RuleTask", Summary: "Settle a review task.", Body: typeOf[lantern.TaskRuling](), Answer: typeOf[lantern.ReviewTask]()}, act(f.agent.RuleTask)},
		{of{Method: "POST", Path: "/v1/restores", Name: "AcceptRestore", Summary: "Go on after the exchange went back to a backup.", Body: typeOf[lantern.Restore](), Answer: typeOf[lantern.Restore](), Status: http.StatusCreated}, create(f.agent.AcceptRestore)},
	}
}

// hookRoutes are there if the agent calls the member's own systems.
func (f *Face) hookRoutes() []route {
	type of = openapi.Operation
	return []route{
		{of{Method: "GET", Path: "/v1/webhooks", Name: "Webhooks", Summary: "List the webhooks, without secrets.", Answer: typeOf[lantern.Items[lantern.Webhook]]()}, f.webhooks},
		{of{Method: "GET", Path: "/v1/webhooks/{id}/deliveries", Name: "Deliveries", Summary: "List the latest deliveries of a webhook.", Answer: typeOf[lantern.Items[lantern.Delivery]]()}, f.deliveries},
		{of{Method: "POST", Path: "/v1/webhooks/{id}/test", Name: "TestWebhook", Summary: "Send a test.", Answer: typeOf[lantern.Delivery](), Status: http.StatusCreated}, f.testWebhook},
		{of{Method: "POST", Path: "/v1/webhooks/{id}/replay", Name: "ReplayWebhook", Summary: "Deliver one event again, or all since a time.",
			Body: typeOf[lantern.Replay](), Answer: typeOf[lantern.Replayed](), Status: http.StatusAccepted}, f.replayWebhook},
	}
}
