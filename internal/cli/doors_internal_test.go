package cli

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"lantern"
	"lantern/audit"
	"lantern/internal/exchange/exchangetest"
	"lantern/internal/face/taxii"
	"lantern/internal/face/threatexchange"
	"lantern/internal/format/stix"
	tewire "lantern/internal/format/threatexchange"
	"lantern/internal/policy"
	"lantern/internal/sqldb/sqldbtest"
)

// house is an exchange as it is served, with all its doors.
type house struct {
	*exchangetest.World
	public, admin   http.Handler
	log             *bytes.Buffer
	doors           []string // METHOD /path, of every face
	red, blue, grey exchangetest.Company
	ids             []string // of whatever a path may name
	signals         []lantern.ID
	leaves          []string // of the log, the newest when ids were gathered
}

func newHouse(t *testing.T, database string) *house {
	t.Helper()
	h := &house{World: exchangetest.New(t, database), log: &bytes.Buffer{}}
	h.red, h.blue, h.grey = h.AddCompany("Red Files"), h.AddCompany("Blue Chat"), h.AddCompany("Grey Mail")
	parts := &exchangeParts{db: h.Config.DB, service: h.Exchange, log: slog.New(slog.NewJSONHandler(h.log, &slog.HandlerOptions{Level: slog.LevelDebug}))}
	var err error
	if h.public, h.admin, err = parts.handlers(ForeignFaces{ThreatExchange: true, TAXII: true}); err != nil {
		t.Fatal(err)
	}
	h.doors = append(threatexchange.Routes(), taxii.Routes()...)
	var doc struct {
		Paths map[string]map[string]any
	}
	if err := json.Unmarshal([]byte(h.knock("", "GET", "/openapi.json", "").body), &doc); err != nil {
		t.Fatal(err)
	}
	for path, methods := range doc.Paths {
		for m := range methods {
			h.doors = append(h.doors, strings.ToUpper(m)+" "+path)
		}
	}
	slices.Sort(h.doors)
	if len(h.doors) < 80 {
		t.Fatalf("only %d doors were found", len(h.doors))
	}
	return h
}

// reply is what came of knocking.
type reply struct {
	status int
	body   string
}

// firstPart ends a request once something was written: of a stream that is its first page.
type firstPart struct {
	*httptest.ResponseRecorder
	end context.CancelFunc
}

func (w firstPart) Write(b []byte) (int, error) {
	defer w.end()
	return w.ResponseRecorder.Write(b)
}

// knock makes a request with a key, as the client of each face gives it.
func (h *house) knock(key, method, path, body string) reply {
	h.T.Helper()
	r := httptest.NewRequest(method, path, strings.NewReader(body)).WithContext(h.T.Context())
	if key != "" {
		r.Header.Set("Authorization", "Bearer "+key)
	}
	switch {
	case strings.HasPrefix(path, taxii.Prefix):
		r.Header.Set("Accept", "application/taxii+json;version=2.1")
		r.Header.Set("Content-Type", "application/taxii+json;version=2.1")
	case strings.Contains(path, "stream"):
		r.Header.Set("Content-Type", "application/x-ndjson")
	case strings.HasPrefix(path, "/v1/"):
		r.Header.Set("Content-Type", "application/json")
	}
	return h.serve(r)
}

// serve has a request answered, a stream as far as its first page: cut off behind that it aborts.
func (h *house) serve(r *http.Request) (got reply) {
	ctx, cancel := context.WithCancel(r.Context())
	defer cancel()
	w := httptest.NewRecorder()
	defer func() {
		if p := recover(); p != nil && p != http.ErrAbortHandler {
			panic(p)
		}
		got = reply{w.Code, w.Body.String()}
	}()
	if r.Method == "GET" && strings.HasSuffix(r.URL.Path, "/stream") {
		h.public.ServeHTTP(firstPart{w, cancel}, r.WithContext(ctx))
	} else {
		h.public.ServeHTTP(w, r)
	}
	return got
}

var hole = regexp.MustCompile(`\{(\w+)(?:\.\.\.)?\}`)

// paths are the paths of a door: one for each thing that may stand in it.
func (h *house) paths(door string) []string {
	h.T.Helper()
	_, path, _ := strings.Cut(door, " ")
	list := []string{path}
	for _, m := range hole.FindAllStringSubmatch(path, -1) {
		var fillings []string
		switch m[1] {
		case "id":
			fillings = h.ids
		case "root":
			fillings = []string{h.Program.ID.String()}
		case "collection":
			for n := lantern.ID(0); n < 3; n++ {
				fillings = append(fillings, stix.UUID("collection", h.Program.ID, n))
			}
		case "object":
			for _, id := range append(slices.Clone(h.signals), h.Program.ID) {
				fillings = append(fillings, stix.ID("indicator", h.Program.ID, id))
			}
		case "status":
			fillings = []string{"2d086da7-4bdc-4f91-900e-d77486753710"}
		case "leaf":
			fillings = h.leaves
		case "path": // of a tile
			fillings = []string{"0/000", "entries/000"}
		default:
			h.T.Fatalf("nobody knows what stands for %s in %s: add it here", m[0], door)
		}
		var filled []string
		for _, p := range list {
			for _, f := range fillings {
				filled = append(filled, strings.Replace(p, m[0], f, 1))
			}
		}
		list = filled
	}
	return list
}

// sees tells by which doors that only read somebody gets any of some texts.
func (h *house) sees(key string, texts ...string) (by []string) {
	h.T.Helper()
	for _, door := range h.doors {
		if !strings.HasPrefix(door, "GET ") {
			continue
		}
		paths := h.paths(door)
		switch door { // which answer only with parameters
		case "GET /":
			paths = []string{"/?ids=" + strings.Join(h.ids, ",")}
		case "GET /threat_descriptors", "GET /threat_indicators":
			for _, text := range texts {
				paths = append(paths, strings.TrimPrefix(door, "GET ")+"?text="+text)
			}
		case "GET /threat_tags":
			paths = append(paths, "/threat_tags?text=&fields=tagged_objects")
		}
		got := slices.ContainsFunc(paths, func(path string) bool {
			body := h.knock(key, "GET", path, "").body
			return slices.ContainsFunc(texts, func(text string) bool { return strings.Contains(body, text) })
		})
		if got {
			by = append(by, door)
		}
	}
	return by
}

// secret is a hash of content that nothing else holds.
func secret(n int) string { return fmt.Sprintf("%064x", 0xabcdef0000+n*104729) }

func (h *house) hash(n int) lantern.Draft {
	d := h.Draft(n)
	d.Type, d.Value = "pdq", secret(n)
	return d
}

// gather notes the ids of all that a path may name.
func (h *house) gather(signals ...lantern.ID) {
	h.T.Helper()
	h.signals = signals
	h.ids = []string{h.Program.ID.String(), h.red.ID.String(), h.blue.ID.String(), tewire.TagID("csam").String()}
	for _, c := range []exchangetest.Company{h.red, h.blue, h.grey} {
		key, _, _ := strings.Cut(strings.TrimPrefix(c.ServiceKey, "lk_"), "_")
		h.ids = append(h.ids, key, c.Submitter.Person.String(), c.Service.Service.String())
	}
	for _, id := range signals {
		h.ids = append(h.ids, id.String())
	}
	// The ids of values, as the feed tells them to somebody who may have them.
	var page struct{ Data []struct{ ID string } }
	if err := json.Unmarshal([]byte(h.knock(h.grey.ServiceKey, "GET", "/"+h.Program.ID.String()+"/threat_updates?limit=1000", "").body), &page); err != nil {
		h.T.Fatal(err)
	}
	for _, d := range page.Data {
		h.ids = append(h.ids, d.ID)
	}
	note, err := h.Checkpoint(h.T.Context())
	if err != nil {
		h.T.Fatal(err)
	}
	head, err := audit.OpenCheckpoint(note, h.LogKey())
	if err != nil {
		h.T.Fatal(err)
	}
	h.leaves = nil
	for n := max(0, head.Size-8); n < head.Size; n++ {
		h.leaves = append(h.leaves, fmt.Sprint(n))
	}
}

func (h *house) state(c exchangetest.Company, s lantern.MemberState) {
	h.T.Helper()
	if _, err := h.SetMemberState(h.T.Context(), h.Steward, c.ID, lantern.StateChange{State: s, Reason: "testing"}); err != nil {
		h.T.Fatal(err)
	}
}

// TestNoDoorGivesMore goes through all doors of all faces, as their routes tell them, with those who
// may have nothing, and asks for what nobody may have: no value comes out anywhere. Whoever may
// have it gets it by each face, so the test would notice.
func TestNoDoorGivesMore(t *testing.T) {
	t.Parallel()
	sqldbtest.Each(t, func(t *testing.T, database string) {
		h := newHouse(t, database)
		ctx := t.Context()
		green, pink, black := h.AddCompany("Green Games"), h.AddCompany("Pink Pay"), h.AddCompany("Black Box")
		open := h.MustShare(h.red.Service, h.hash(1))
		mail := h.Draft(2)
		mail.Type, mail.Value, mail.Role = "email", "wumple.frobnicator@example.com", lantern.SuspectedOffender
		person := h.MustShare(h.red.Service, mail)
		h.gather(open, person)

		byDoor := h.sees(h.blue.ServiceKey, secret(1))
		for _, want := range []string{"GET /v1/programs/{id}/changes", "GET /v1/programs/{id}/stream", "GET /v1/programs/{id}/snapshot", "GET /v1/signals/{id}",
			"GET /{id}/threat_updates", "GET /{id}", "GET /", "GET /threat_descriptors", "GET /{id}/tagged_objects", "GET /threat_tags", "GET /stopncii/{id}/FetchHashes",
			"GET /taxii2/{root}/collections/{collection}/objects/", "GET /taxii2/{root}/collections/{collection}/objects/{object}/"} {
			if !slices.Contains(byDoor, want) {
				t.Errorf("a member that may have a value does not get it by %s", want)
			}
		}
		for _, door := range h.sees(h.blue.ServiceKey, mail.Value) {
			if !strings.Contains(door, "/v1/") {
				t.Errorf("who a signal names is told by %s, although the program does not let foreign clients have it", door)
			}
		}

		// Those who may have nothing.
		if err := h.Leave(ctx, h.Steward, h.Program.ID, green.ID); err != nil {
			t.Fatal(err)
		}
		h.Join(pink, h.Program, lantern.ContributeOnly)
		h.state(black, lantern.SuspendedMember)
		for who, c := range map[string]exchangetest.Company{"a member that is not in the program": green, "one that only contributes": pink, "a suspended one": black} {
			for role, key := range map[string]string{"service": c.ServiceKey, "investigator": c.InvestigatorKey, "admin": c.AdminKey} {
				if by := h.sees(key, secret(1), mail.Value); len(by) > 0 {
					t.Errorf("%s (%s) gets a value by %v", who, role, by)
				}
			}
		}
		for what, key := range map[string]string{"nobody": "", "a steward": h.Root.Secret} {
			if by := h.sees(key, secret(1)); len(by) > 0 {
				t.Errorf("%s gets a value by %v", what, by)
			}
		}

		// What nobody else may have. Nobody was handed any of it before.
		hidden := h.hide(t)
		ids := []lantern.ID{open}
		for _, s := range hidden {
			ids = append(ids, s.signal)
		}
		h.gather(ids...)
		for _, s := range hidden {
			if by := h.sees(h.blue.ServiceKey, secret(s.n)); len(by) > 0 {
				t.Errorf("what is %s is got by %v", s.what, by)
			}
		}
	})
}

// unseen is a signal that only its sharer may have.
type unseen struct {
	what   string
	n      int
	signal lantern.ID
}

// hide shares what only its sharer may have.
func (h *house) hide(t *testing.T) (list []unseen) {
	t.Helper()
	ctx := t.Context()
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	other := h.AddProgram("elsewhere")
	h.Join(h.red, other, lantern.Both)
	for n, what := range []string{"withdrawn", "erased", "suspended", "held", "narrowed", "placed elsewhere", "expired"} {
		s := unseen{what, 10 + n, 0}
		d := h.hash(s.n)
		switch what {
		case "placed elsewhere":
			d.Programs = []lantern.ID{other.ID}
		case "narrowed":
			d.Programs = append(d.Programs, other.ID)
		case "held":
			d.Basis.ReviewedBy = ""
			r, err := h.ShareUnfounded(ctx, h.red.Service, d)
			must(err)
			s.signal = r.Signal
		case "expired":
			d.Expires = h.Clock.Now().Add(time.Hour).UTC().Truncate(time.Second)
		}
		if s.signal == 0 {
			s.signal = h.MustShare(h.red.Service, d)
		}
		var err error
		switch what {
		case "withdrawn", "erased":
			_, err = h.Withdraw(ctx, h.red.Service, s.signal, lantern.Withdrawal{Reason: lantern.WithdrawnInError, Erase: what == "erased"})
		case "suspended":
			if _, err = h.Signal(ctx, h.grey.Investigator, s.signal); err == nil {
				_, err = h.OpenChallenge(ctx, h.grey.Investigator, lantern.Challenge{Signal: s.signal, Reason: lantern.OutOfScope})
			}
		case "narrowed":
			_, err = h.Narrow(ctx, h.red.Submitter, s.signal, lantern.Narrowing{Program: h.Program.ID})
		}
		must(err)
		list = append(list, s)
	}
	h.Clock.Add(2 * time.Hour)
	must(h.Sweep(ctx))
	return list
}

// shareDoors are the doors by which signals are shared, each with a body or query that shares the
// hash %s into the program %s.
var shareDoors = map[string]string{
	"POST /v1/signals":         nativeDraft,
	"POST /v1/signals/batch":   `{"items":[` + nativeDraft + `]}`,
	"POST /v1/signals/stream":  nativeDraft + "\n",
	"POST /v1/incidents":       `{"programs":["%[2]s"],"signals":[` + nativeDraft + `]}`,
	"POST /threat_descriptors": foreignDraft,
	"POST /threat_indicators":  foreignDraft,
	"POST /":                   `[{"method":"POST","relative_url":"threat_descriptors","body":"` + foreignDraft + `"}]`,
	"POST /taxii2/{root}/collections/{collection}/objects/": `{"objects":[{"type":"indicator","spec_version":"2.1","id":"indicator--%[3]s","created":"2026-11-20T00:00:00.000Z",` +
		`"modified":"2026-11-20T00:00:00.000Z","labels":["csam"],"pattern":"[file:hashes.'SHA-256' = '%[1]s']","pattern_type":"stix","valid_from":"2026-11-20T00:00:00Z",` +
		`"extensions":{"extension-definition--c4c4afa5-2789-440c-9468-3e8a6fdf289f":{"extension_type":"property-extension","status":"violating","basis":{"policy":"child safety 2.1","reviewed_by":"human"}}}}]}`,
}

const (
	nativeDraft = `{"type":"sha256","value":"%[1]s","programs":["%[2]s"],"status":"violating","tags":["csam"],"confidence":90,"subject_role":"content",` +
		`"basis":{"policy":"child safety 2.1","reviewed_by":"human","action":"removed","at":"2026-11-23T09:00:00Z"}}`
	foreignDraft = `type=HASH_SHA256&indicator=%[1]s&description=child+safety&share_level=AMBER&status=MALICIOUS&privacy_type=HAS_PRIVACY_GROUP&privacy_members=%[2]s&tags=csam&review_status=REVIEWED_MANUALLY`
)

// TestTheUntrainedShareByNoDoor: where a program wants training, a person without it shares by no
// door of any face, nor does a service in that person's place; all else that may be written
// says nothing about a value. With training each of these doors shares.
func TestTheUntrainedShareByNoDoor(t *testing.T) {
	t.Parallel()
	sqldbtest.Each(t, func(t *testing.T, database string) {
		h := newHouse(t, database)
		h.NeedTraining()
		source := h.MustShare(h.blue.Service, h.hash(1))
		h.gather(source)
		n := 100
		shares := func(key string) (by []string) {
			t.Helper()
			for _, door := range h.doors {
				method, _, _ := strings.Cut(door, " ")
				form, ok := shareDoors[door]
				if method == "GET" {
					continue
				}
				for _, path := range h.paths(door) {
					n++
					value := fmt.Sprintf("%064x", 0xdddd000000+n)
					body := "{}"
					if ok {
						body = fmt.Sprintf(form, value, h.Program.ID, fmt.Sprintf("%08d-0000-4000-8000-000000000000", n))
					}
					if door == "POST /" {
						body = url.Values{"batch": {body}}.Encode()
					}
					h.knock(key, method, path, body)
					if h.held(value) > 0 {
						by = append(by, door)
						break
					}
				}
			}
			return by
		}
		h.Train(24*time.Hour, h.red.Submitter)
		all := slices.Sorted(maps.Keys(shareDoors))
		if by := shares(h.red.SubmitterKey); !slices.Equal(by, all) {
			t.Errorf("a trained person shares by %v, want %v", by, all)
		}
		h.Train(time.Second, h.red.Submitter)
		h.Clock.Add(time.Minute)
		for who, key := range map[string]string{"a person": h.red.SubmitterKey, "its service": h.red.ServiceKey} {
			if by := shares(key); len(by) > 0 {
				t.Errorf("%s without training shares by %v", who, by)
			}
		}
	})
}

// TestTheUntrainedGetNothing: where a program wants training, a person without it gets no value by
// any door of any face, whatever the role, and gets it by the same doors as a service with training.
func TestTheUntrainedGetNothing(t *testing.T) {
	t.Parallel()
	sqldbtest.Each(t, func(t *testing.T, database string) {
		h := newHouse(t, database)
		h.NeedTraining()
		ids := []lantern.ID{h.MustShare(h.red.Service, h.hash(1))}
		d := h.hash(2)
		in, err := h.ShareIncident(t.Context(), h.red.Service, lantern.IncidentDraft{Programs: []lantern.ID{h.Program.ID}, Signals: []lantern.Draft{d}})
		if err != nil {
			t.Fatal(err)
		}
		h.gather(append(ids, in.Results[0].Signal)...)
		h.ids = append(h.ids, in.Incident.String())
		by := h.sees(h.blue.ServiceKey, secret(1), secret(2))
		if len(by) < 13 || !slices.Equal(by, h.sees(h.blue.InvestigatorKey, secret(1), secret(2))) {
			t.Errorf("with training: a service gets values by %v, a person by others", by)
		}
		h.Train(time.Second, h.blue.Investigator, h.blue.Submitter, h.blue.Officer)
		h.Clock.Add(time.Minute)
		for role, key := range map[string]string{"investigator": h.blue.InvestigatorKey, "submitter": h.blue.SubmitterKey, "officer": h.blue.OfficerKey} {
			if by := h.sees(key, secret(1), secret(2)); len(by) > 0 {
				t.Errorf("without training the %s gets a value by %v", role, by)
			}
		}
		if got := h.sees(h.blue.ServiceKey, secret(1), secret(2)); !slices.Equal(got, by) {
			t.Errorf("a service whose responsible person lacks training gets values by %v, want %v", got, by)
		}
	})
}

// held is how many signals stand on a hash, as its sharer and another member find them.
func (h *house) held(value string) (n int) {
	h.T.Helper()
	for _, a := range []policy.Actor{h.red.Service, h.blue.Service} {
		list, err := h.OpinionsOn(h.T.Context(), a, "sha256", value)
		if err != nil {
			h.T.Fatal(err)
		}
		n += len(list)
	}
	return n
}

// open are the doors that ask nobody who comes: nothing they tell is about a signal's value.
var open = []string{"GET /livez", "GET /openapi.json", "GET /readyz", "GET /v1/log/checkpoint", "GET /v1/log/consistency", "GET /v1/log/key", "GET /v1/log/receipt/{leaf}",
	"GET /v1/log/tile/{path}", "GET /v1/types"}

// TestEveryDoorAsksWhoComes: without a key each route says 401, but for those that are open to all.
func TestEveryDoorAsksWhoComes(t *testing.T) {
	t.Parallel()
	h := newHouse(t, sqldbtest.SQLite(t))
	h.gather()
	for _, door := range h.doors {
		method, _, _ := strings.Cut(door, " ")
		path := h.paths(door)[0]
		got := h.knock("", method, path, "").status
		if free := slices.Contains(open, door); free == (got == http.StatusUnauthorized) {
			t.Errorf("%s: status %d without a key, open to all: %v", door, got, free)
		}
	}
}

// TestTokensComeOutNowhere gives a key, good and bad, in every place where a client may put one, at every
// door of every face: no log, no metric and no error holds it. Only the way to a next page does.
func TestTokensComeOutNowhere(t *testing.T) {
	t.Parallel()
	h := newHouse(t, sqldbtest.SQLite(t))
	h.gather(h.MustShare(h.red.Service, h.hash(1)), h.MustShare(h.red.Service, h.hash(2)))
	id, secret, _ := strings.Cut(strings.TrimPrefix(h.blue.ServiceKey, "lk_"), "_")
	bad := "planted7f3a" + strings.Repeat("x", 32)
	tokens := []string{h.blue.ServiceKey, id + "|" + secret, id + "|" + bad}
	places := map[string]func(method, path, token string) *http.Request{
		"path": func(method, path, token string) *http.Request {
			return httptest.NewRequest(method, path+"/"+url.PathEscape(token), nil)
		},
		"version": func(method, path, token string) *http.Request {
			return httptest.NewRequest(method, "/v21.0/"+url.PathEscape(token)+path, nil)
		},
		"query": func(method, path, token string) *http.Request {
			q := url.Values{}
			for _, name := range []string{"access_token", "key", "after", "next", "cursor", "nextPageToken", "text", "fields", "batch", "input_token", token} {
				q.Set(name, token)
			}
			return httptest.NewRequest(method, path+"?"+q.Encode(), nil)
		},
		"access_token": func(method, path, token string) *http.Request {
			return httptest.NewRequest(method, path+"?limit=1&access_token="+url.QueryEscape(token), nil)
		},
		"form": func(method, path, token string) *http.Request {
			return httptest.NewRequest(method, path, strings.NewReader(url.Values{"access_token": {token}, "indicator": {token}, "type": {token}}.Encode()))
		},
		"JSON": func(method, path, token string) *http.Request {
			r := httptest.NewRequest(method, path, strings.NewReader(`{"access_token":"`+token+`","`+token+`":1}`))
			r.Header.Set("Content-Type", "application/json")
			r.Header.Set("Authorization", "Bearer "+h.blue.ServiceKey)
			return r
		},
		"batch": func(method, path, token string) *http.Request {
			calls := fmt.Sprintf(`[{"method":%q,"relative_url":%q,"access_token":%q},{"relative_url":"me?access_token=%s"}]`, method, strings.TrimPrefix(path, "/"), token, url.QueryEscape(token))
			return httptest.NewRequest("POST", "/?access_token="+url.QueryEscape(id+"|"+secret), strings.NewReader(url.Values{"batch": {calls}}.Encode()))
		},
	}
	for _, header := range []string{"Authorization: ", "Authorization: Bearer ", "Authorization: OAuth ", "Authorization: Basic ", "X-Functions-Key: ", "X-Api-Key: ",
		"Ocp-Apim-Subscription-Key: ", "Cookie: ", "Referer: ", "User-Agent: ", "X-Request-Id: ", "X-Forwarded-For: ", "Idempotency-Key: ", "Last-Event-ID: "} {
		places[header] = func(method, path, token string) *http.Request {
			r := httptest.NewRequest(method, path, nil)
			name, scheme, _ := strings.Cut(header, ": ")
			r.Header.Set(name, scheme+token)
			return r
		}
	}
	for _, door := range h.doors {
		method, _, _ := strings.Cut(door, " ")
		path := h.paths(door)[0]
		for place, ask := range places {
			for _, token := range tokens {
				got := h.serve(ask(method, path, token))
				if got.status >= 400 && (strings.Contains(got.body, secret) || strings.Contains(got.body, bad)) {
					t.Errorf("%s: an error repeats a key given in %s", door, place)
				}
			}
		}
	}
	metrics := httptest.NewRecorder()
	h.admin.ServeHTTP(metrics, httptest.NewRequest("GET", "/metrics", nil))
	for place, text := range map[string]string{"log": h.log.String(), "metrics": metrics.Body.String()} {
		if len(text) < 1000 {
			t.Errorf("the %s says hardly anything", place)
		}
		for what, needle := range map[string]string{"a key": secret, "a bad key": bad, "a query": "access_token"} {
			if strings.Contains(text, needle) {
				t.Errorf("the %s holds %s", place, what)
			}
		}
	}
}
