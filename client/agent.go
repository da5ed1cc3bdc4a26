package client

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"iter"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"lantern"
)

// Agent calls a member's own agent. Its credential is the agent's local token, which may
// match and read hits and cases, or a person's exchange key, which may do all a person may.
//
// Calls with a stream for a body are sent once: whoever calls repeats them, which the
// agent takes without doubling anything. Streams are NDJSON, one object a line; [Lines]
// makes one of Go values. A stream of answers that ends without an error is whole.
type Agent struct {
	c *Client
}

// NewAgent returns a client for the agent at base, which it does not contact yet:
// "http://127.0.0.1:8430", or "unix:/run/lantern/agent.sock" for the socket an agent on this
// machine listens on ([Options.Transport] is then not used).
func NewAgent(base, credential string, opts Options) *Agent {
	if path, ok := strings.CutPrefix(base, "unix:"); ok {
		base = "http://localhost" // names nothing: every connection is one to the socket
		opts.Transport = onSocket(path)
	}
	c := New(base, credential, opts)
	c.conn.toAgent = true
	return &Agent{c: c}
}

// onSocket connects to a socket of this machine, whatever the address says.
func onSocket(path string) *http.Transport {
	t := http.DefaultTransport.(*http.Transport).Clone()
	t.Proxy = nil
	t.MaxIdleConnsPerHost = idleConns
	t.DialContext = watched(func(ctx context.Context, _, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, "unix", path)
	})
	return t
}

// WithKey returns a client for the same agent with another credential.
func (a *Agent) WithKey(credential string) *Agent { return &Agent{c: a.c.WithKey(credential)} }

// Close lets go of idle connections.
func (a *Agent) Close() { a.c.Close() }

// Ready asks whether the agent can look anything up; the error says why not.
func (a *Agent) Ready(ctx context.Context) error { return a.c.Ready(ctx) }

// Status says how the agent stands.
func (a *Agent) Status(ctx context.Context) (lantern.AgentStatus, error) {
	return get[lantern.AgentStatus](ctx, a.c, "/v1/status", nil)
}

// AcceptRestore records that a person knows why the exchange's log went back, and has the
// agent go on from there (a person's key). The entry is that of the exchange's log.
func (a *Agent) AcceptRestore(ctx context.Context, r lantern.Restore) (lantern.Restore, error) {
	return post[lantern.Restore](ctx, a.c, "/v1/restores", r)
}

// Match looks up to [lantern.MaxMatchBatch] records up and returns an answer for each, in
// their order. Unless dry, each match becomes a hit that waits for a person.
func (a *Agent) Match(ctx context.Context, records []lantern.Record, dry bool) ([]lantern.Answer, error) {
	answer, err := call[lantern.Answers](ctx, a.c, http.MethodPost, "/v1/match", dryQuery(dry), lantern.Items[lantern.Record]{Items: records})
	if err == nil && len(answer.Answers) != len(records) {
		return nil, errMalformed
	}
	return answer.Answers, err
}

// MatchStream looks a stream of records up and calls emit for each answer, in the order
// of the records, while they come.
func (a *Agent) MatchStream(ctx context.Context, records io.Reader, dry bool, emit func(lantern.Answer) error) error {
	return stream(ctx, a.c, "/v1/match", dryQuery(dry), ndjson, records, emit)
}

// ScanFile names a file to be looked at.
type ScanFile struct {
	Name    string // by whose extension a file of records is known
	Ref     string // the member's reference of hits; "": Name
	Account string // the account it belongs to, if known
	Source  string // where it comes from, by which sampling ratios are set
	Dry     bool   // keep no hits
}

// Scan has the agent look at one file of any kind and size. A file of records gives an
// answer for each; any other gives one or more answers, each with a part of the matches.
func (a *Agent) Scan(ctx context.Context, f ScanFile, file io.Reader, emit func(lantern.Answer) error) error {
	q := dryQuery(f.Dry)
	set(q, "name", f.Name)
	set(q, "ref", f.Ref)
	set(q, "account", f.Account)
	set(q, "source", f.Source)
	return stream(ctx, a.c, "/v1/scan", q, "application/octet-stream", file, emit)
}

// Reveal shows a signal with its value to a person; the agent records it.
func (a *Agent) Reveal(ctx context.Context, id lantern.ID) (lantern.Signal, error) {
	return get[lantern.Signal](ctx, a.c, at("/v1/signals", id, ""), nil)
}

// Tactics lists the tactics that are shared with the member, and its own: what is imminent
// first, then the newest.
func (a *Agent) Tactics(ctx context.Context) ([]lantern.Signal, error) {
	return list[lantern.Signal](ctx, a.c, "/v1/tactics", nil)
}

// HitFilter chooses hits. The zero filter asks for the first open ones.
type HitFilter struct {
	State    lantern.HitState
	Account  string
	Incident lantern.ID
	After    lantern.ID // the last hit of the page before
	Limit    int
}

// Hits lists a page of the queue, the greatest risk to a child first, the hits of one
// incident together.
func (a *Agent) Hits(ctx context.Context, f HitFilter) ([]lantern.Hit, error) {
	q := url.Values{}
	set(q, "state", string(f.State))
	set(q, "account", f.Account)
	set(q, "incident", f.Incident.String())
	set(q, "after", f.After.String())
	if f.Limit != 0 {
		q.Set("limit", strconv.Itoa(f.Limit))
	}
	return list[lantern.Hit](ctx, a.c, "/v1/hits", q)
}

// FollowHits calls emit for each thing the agent tells behind a place, hits above all, what
// is urgent first, and goes on as more happens, until ctx ends or emit fails. It takes the
// stream up again where it broke off, so that nothing is left out or comes twice; who keeps
// the Next of the last notice goes on from there after a restart, "" is the beginning.
//
// Errors that waiting does not mend end it. [lantern.Resync] means that the place is of
// another journal: drop what the notices told, and follow from the beginning.
func (a *Agent) FollowHits(ctx context.Context, after lantern.Cursor, emit func(lantern.Notice) error) error {
	for attempt := 0; ; attempt++ {
		var own error // of emit
		err := a.tellHits(ctx, after, false, func(n lantern.Notice) error {
			if own = emit(n); own == nil {
				after, attempt = n.Next, 0
			}
			return own
		})
		switch {
		case own != nil:
			return own
		case ctx.Err() != nil:
			return ctx.Err()
		case err != nil && !passing(err):
			return err
		}
		timer := time.NewTimer(pause(attempt))
		select {
		case <-ctx.Done():
			timer.Stop()
			return ctx.Err()
		case <-timer.C:
		}
	}
}

// ToldHits is [Agent.FollowHits] up to the end of what there is. Nothing is retried.
func (a *Agent) ToldHits(ctx context.Context, after lantern.Cursor, emit func(lantern.Notice) error) error {
	return a.tellHits(ctx, after, true, emit)
}

func (a *Agent) tellHits(ctx context.Context, after lantern.Cursor, once bool, emit func(lantern.Notice) error) error {
	q := url.Values{}
	set(q, "cursor", string(after))
	if once {
		q.Set("once", "1")
	}
	return answers(ctx, a.c, request{method: http.MethodGet, path: "/v1/hits/follow", query: q, accept: ndjson}, nil, emit)
}

// Webhooks lists the webhooks of the agent's operator and how they fare.
func (a *Agent) Webhooks(ctx context.Context) ([]lantern.Webhook, error) { return a.c.Webhooks(ctx) }

// Deliveries lists the latest 200 deliveries of a webhook, the newest event first.
func (a *Agent) Deliveries(ctx context.Context, id lantern.ID) ([]lantern.Delivery, error) {
	return a.c.Deliveries(ctx, id)
}

// TestWebhook sends an event of type webhook.test, once, and returns what came of it.
func (a *Agent) TestWebhook(ctx context.Context, id lantern.ID) (lantern.Delivery, error) {
	return a.c.TestWebhook(ctx, id)
}

// ReplayWebhook delivers one event of the last 30 days again, or all since a time, and makes
// a disabled webhook active.
func (a *Agent) ReplayWebhook(ctx context.Context, id lantern.ID, r lantern.Replay) (lantern.Replayed, error) {
	return a.c.ReplayWebhook(ctx, id, r)
}

// DecideHits records a person's decisions and returns a result for each, in their order.
func (a *Agent) DecideHits(ctx context.Context, rulings []lantern.HitRuling) ([]lantern.HitResult, error) {
	answer, err := post[lantern.HitResults](ctx, a.c, "/v1/hits/decisions", lantern.Items[lantern.HitRuling]{Items: rulings})
	return answer.Results, err
}

// Quarantine lists the signals whose matches wait outside the queue, the first first, each with
// a sample of what they matched.
func (a *Agent) Quarantine(ctx context.Context) ([]lantern.Quarantine, error) {
	return list[lantern.Quarantine](ctx, a.c, "/v1/quarantine", nil)
}

// Release lets a quarantined signal hit again (a person's key). What was kept of its hits
// enters the queue or is deleted. Nobody else is told.
func (a *Agent) Release(ctx context.Context, signal lantern.ID, r lantern.QuarantineRelease) error {
	_, err := post[lantern.QuarantineRelease](ctx, a.c, at("/v1/quarantine", signal, "/release"), r)
	return err
}

// Volume tells what the agent counted in shadow mode since a day, of the last 90 at most: what
// would have been hits. The zero time asks for all of them.
func (a *Agent) Volume(ctx context.Context, since time.Time) (lantern.Volume, error) {
	q := url.Values{}
	if !since.IsZero() {
		q.Set("since", since.UTC().Format(time.DateOnly))
	}
	return get[lantern.Volume](ctx, a.c, "/v1/volume", q)
}

// OpenCase opens a case on signals (a person's key). Like every write it is tried again
// if the agent cannot be reached; a case opened twice has two ids and harms nobody.
func (a *Agent) OpenCase(ctx context.Context, d lantern.CaseDraft) (lantern.Case, error) {
	return post[lantern.Case](ctx, a.c, "/v1/cases", d)
}

// Cases lists all cases, the newest first.
func (a *Agent) Cases(ctx context.Context) ([]lantern.Case, error) {
	return list[lantern.Case](ctx, a.c, "/v1/cases", nil)
}

// Case returns one case.
func (a *Agent) Case(ctx context.Context, id lantern.ID) (lantern.Case, error) {
	return get[lantern.Case](ctx, a.c, at("/v1/cases", id, ""), nil)
}

// AddRound widens a case by a stream of [lantern.Candidate] (a person's key). The round
// stands as a whole or not at all.
func (a *Agent) AddRound(ctx context.Context, id lantern.ID, candidates io.Reader) (lantern.Round, error) {
	return upload[lantern.Round](ctx, a.c, at("/v1/cases", id, "/rounds"), candidates)
}

// Candidates calls emit for every account of a case, in the order of rounds.
func (a *Agent) Candidates(ctx context.Context, id lantern.ID, emit func(lantern.CaseAccount) error) error {
	req := request{method: http.MethodGet, path: at("/v1/cases", id, "/candidates")}
	return answers(ctx, a.c, req, nil, emit)
}

// Rule records a stream of [lantern.Ruling] on candidates (a person's key) and returns
// the case after them.
func (a *Agent) Rule(ctx context.Context, id lantern.ID, rulings io.Reader) (lantern.Case, error) {
	return upload[lantern.Case](ctx, a.c, at("/v1/cases", id, "/rulings"), rulings)
}

// SendOutcome records an outcome of a case at the exchange, attested by the person whose
// key this is. If the answer is missing, the same call again counts nothing twice.
func (a *Agent) SendOutcome(ctx context.Context, id lantern.ID, o lantern.CaseOutcome) (lantern.Outcome, error) {
	return post[lantern.Outcome](ctx, a.c, at("/v1/cases", id, "/outcomes"), o)
}

// ShareBack shares a stream of [lantern.Draft] found by a case (a person's key) and calls
// emit for each result, in the order of the drafts.
func (a *Agent) ShareBack(ctx context.Context, id lantern.ID, drafts io.Reader, emit func(lantern.ShareResult) error) error {
	return stream(ctx, a.c, at("/v1/cases", id, "/share"), nil, ndjson, drafts, emit)
}

// ReviewTasks lists what the member owes after corrections: what waits and was imminent,
// then the newest first.
func (a *Agent) ReviewTasks(ctx context.Context) ([]lantern.ReviewTask, error) {
	return list[lantern.ReviewTask](ctx, a.c, "/v1/corrections", nil)
}

// RuleTask settles a review task (a person's key).
func (a *Agent) RuleTask(ctx context.Context, correction lantern.ID, r lantern.TaskRuling) (lantern.ReviewTask, error) {
	return post[lantern.ReviewTask](ctx, a.c, at("/v1/corrections", correction, "/ruling"), r)
}

// Lines returns a stream of lines made of items while it is read. Close it if it is not
// read to its end.
func Lines[T any](items iter.Seq[T]) io.ReadCloser {
	r, w := io.Pipe()
	go func() {
		out := bufio.NewWriter(w)
		enc := json.NewEncoder(out)
		for item := range items {
			if err := enc.Encode(item); err != nil {
				w.CloseWithError(err) // always nil
				return
			}
		}
		w.CloseWithError(out.Flush()) // always nil
	}()
	return r
}

const ndjson = "application/x-ndjson"

func dryQuery(dry bool) url.Values {
	q := url.Values{}
	if dry {
		q.Set("dry", "1")
	}
	return q
}

// upload sends a stream and reads one object back.
func upload[T any](ctx context.Context, c *Client, path string, body io.Reader) (T, error) {
	var answer T
	req := request{method: http.MethodPost, path: path, media: ndjson}
	res, err := c.conn.open(ctx, req, body)
	if err != nil {
		return answer, err
	}
	defer res.Body.Close()
	b, err := io.ReadAll(io.LimitReader(res.Body, maxAnswer))
	if err != nil {
		return answer, req.failed(c.conn.unreachable(err))
	}
	if err := json.Unmarshal(b, &answer); err != nil {
		return answer, req.failed(errMalformed)
	}
	return answer, nil
}

// stream sends a stream and calls emit for each line of the answer while it comes.
func stream[T any](ctx context.Context, c *Client, path string, query url.Values, media string, body io.Reader, emit func(T) error) error {
	return answers(ctx, c, request{method: http.MethodPost, path: path, query: query, media: media}, body, emit)
}

// open sends a request with a stream for a body, once and without a time limit of its
// own, and returns the answer if it is a success.
func (c *conn) open(ctx context.Context, req request, body io.Reader) (*http.Response, error) {
	if c.err != nil {
		return nil, c.err
	}
	res, err := c.send(ctx, req, body, c.credential(), "")
	switch {
	case err != nil && ctx.Err() != nil:
		return nil, req.failed(ctx.Err())
	case err != nil:
		return nil, req.failed(c.unreachable(err))
	case res.StatusCode >= 200 && res.StatusCode < 300:
		return res, nil
	}
	defer res.Body.Close()
	said, err := io.ReadAll(io.LimitReader(res.Body, 1<<20))
	if err != nil {
		return nil, req.failed(fmt.Errorf("reading a refusal: %w", c.unreachable(err)))
	}
	return nil, req.failed(problem(res, said))
}
