package api_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"lantern"
	"lantern/internal/sqldb/sqldbtest"
	"lantern/internal/web"
)

// planted stands for a value, a name or a key that must appear nowhere.
const planted = "planted-7f3a-secret"

// shows reports whether a text holds what was planted, or a good part of it.
func shows(text string) bool {
	return strings.Contains(text, planted[:7]) || strings.Contains(text, planted[8:])
}

// target is a write with a body that would be taken.
type target struct {
	op, path, key string
	method        string // "": POST
	body          map[string]any
	done          int  // status of what is good; 0: any success
	weak          bool // a key that may only read is enough: an agent has no other
}

// targets lists every write. Their objects exist; none of them was called yet.
func (w *world) targets() []target {
	ctx, t := w.t.Context(), w.t
	share := func(c company, value string) lantern.ID {
		return must(t)(c.Share(ctx, w.draft(value))).(lantern.ShareResult).Signal
	}
	own, other := share(w.red, "https://files.example.com/h/1"), share(w.blue, "https://files.example.com/h/2")
	gone := share(w.red, "https://files.example.com/h/3")
	must(t)(w.red.Feed(ctx, w.program, "", 0, 0))
	must(t)(w.blue.Feed(ctx, w.program, "", 0, 0))
	must(t)(w.red.Withdraw(ctx, gone, lantern.Withdrawal{Reason: lantern.WithdrawnOutdated}))
	correction := must(t)(w.blue.Corrections(ctx)).([]lantern.Correction)[0].ID
	disputed := share(w.blue, "https://files.example.com/h/4")
	challenge := must(t)(w.green.OpenChallenge(ctx, lantern.Challenge{Signal: disputed, Reason: lantern.OutOfScope})).(lantern.Challenge).ID
	service := must(t)(w.red.CreateService(ctx, lantern.Service{Name: "rotated", Responsible: w.red.person})).(lantern.Service)
	turned := must(t)(w.red.IssueKey(ctx, lantern.Key{Actor: service.ID, Scopes: []lantern.Scope{lantern.ScopeRead}})).(lantern.Key)
	spare := must(t)(w.red.IssueKey(ctx, lantern.Key{Actor: w.red.person, Scopes: []lantern.Scope{lantern.ScopeRead}})).(lantern.Key)
	extra := must(t)(w.steward.CreateMember(ctx, lantern.Member{Name: "Grey Pay", Kind: lantern.Company, State: lantern.ActiveMember})).(lantern.Member)
	elsewhere := must(t)(w.steward.CreateMember(ctx, lantern.Member{Name: "Black Box", Kind: lantern.Company, State: lantern.ActiveMember})).(lantern.Member)
	w.outsider = must(t)(w.steward.CreatePerson(ctx, lantern.Person{Member: elsewhere.ID, Label: "reviewer-1", Roles: []lantern.PersonRole{lantern.Admin, lantern.Submitter, lantern.Investigator, lantern.DisputeOfficer}})).(lantern.Person).ID
	w.badKeys(t)
	w.weakKey(t)
	hook := must(t)(w.red.CreateWebhook(ctx, lantern.Webhook{URL: "https://hooks.example.com/h"})).(lantern.Webhook).ID
	incident := must(t)(w.red.ShareIncident(ctx, lantern.IncidentDraft{Programs: []lantern.ID{w.program}, Signals: []lantern.Draft{w.draft("https://files.example.com/h/5")}})).(lantern.IncidentResult).Incident
	wide, narrower := w.shareWider("https://files.example.com/h/6")
	program, member, person := "/v1/programs/"+w.program.String(), "/v1/members/"+extra.ID.String(), w.red.person.String()
	at := func(noun string, id lantern.ID, rest string) string { return "/v1/" + noun + "/" + id.String() + rest }
	soon, red, steward := time.Now().Add(20*24*time.Hour).UTC(), w.red.key, w.stewardKey
	basis := object{"policy": "Rule 4", "reviewed_by": "human", "action": "removed", "at": time.Now().UTC()}
	second := w.hostileDraft(basis, other)
	second["value"] = "https://files.example.com/h/10"
	return []target{
		{op: "CreateMember", path: "/v1/members", key: steward, body: object{"name": "Pink Mail", "kind": "company", "state": "applied"}},
		{op: "SetMemberState", path: member + "/state", key: steward, body: object{"state": "read-only", "reason": "asked for it"}},
		{op: "CreatePerson", path: "/v1/persons", key: red, body: object{"label": "reviewer-9", "roles": []any{"auditor"}}},
		{op: "TrainPerson", path: "/v1/persons/" + person + "/training", key: steward, body: object{"until": soon}},
		{op: "CreateService", path: "/v1/services", key: red, body: object{"name": "scanner", "responsible": person}},
		{op: "RotateKey", path: at("keys", turned.ID, "/rotate"), key: red, body: object{"overlap_hours": 1}},
		{op: "RevokeKey", path: at("keys", spare.ID, "/revoke"), key: red},
		{op: "IssueKey", path: "/v1/keys", key: red, body: object{"actor": person, "scopes": []any{"read"}, "expires": soon}},
		{op: "CreateProgram", path: "/v1/programs", key: steward, body: object{"name": "More", "purpose": "more of it", "policy": hostilePolicy()}},
		{op: "SetPolicy", method: "PUT", path: program + "/policy", key: steward, body: hostilePolicy()},
		{op: "Join", path: program + "/members", key: steward, body: object{"member": extra.ID.String(), "direction": "both"}},
		{op: "Share", path: "/v1/signals", key: red, body: w.hostileDraft(basis, other)},
		{op: "ShareBatch", path: "/v1/signals/batch", key: red, body: object{"items": []any{w.hostileDraft(basis, other)}}},
		{op: "Renew", path: at("signals", own, "/renew"), key: red, body: object{"expires": soon, "basis": basis}},
		{op: "ShareIncident", path: "/v1/incidents", key: red, body: object{
			"programs": []any{w.program.String()}, "signals": []any{w.hostileDraft(basis, other), second}, "links": []any{object{"kind": "posted-at", "from": 0, "to": 1}},
		}},
		{op: "WithdrawIncident", path: at("incidents", incident, "/withdraw"), key: red, body: object{"reason": "outdated", "erase": false}},
		{op: "React", path: "/v1/feedback", key: red, body: object{"signal": other.String(), "reaction": "seen"}},
		{op: "RecordOutcome", path: "/v1/outcomes", key: red, body: object{
			"program": w.program.String(), "kind": "content-removed", "count": 1, "signals": []any{other.String()},
			"attestation": object{"person": person, "ground": "Rule 9", "reviewed_singly": 1, "reviewed_in_bulk": 0, "decisions_digest": strings.Repeat("ab", 32)},
		}},
		{op: "OpenChallenge", path: "/v1/challenges", key: red, body: object{"signal": other.String(), "reason": "out-of-scope", "note": "not of this kind"}},
		{op: "Decide", path: at("challenges", challenge, "/decision"), key: w.blue.key, body: object{"verdict": "dispute", "reason": "looked at again"}},
		{op: "Acknowledge", path: at("corrections", correction, "/acks"), key: w.blue.key, body: object{"step": "masked"}},
		{op: "Narrow", path: at("signals", wide, "/narrow"), key: red, body: object{"program": narrower.String()}},
		{op: "Withdraw", path: at("signals", own, "/withdraw"), key: red, body: object{"reason": "outdated", "erase": false}},
		{op: "CreateWebhook", path: "/v1/webhooks", key: red, body: object{"url": "https://hooks.example.com/i", "events": []any{"signal.imminent"}}},
		{op: "RotateWebhook", path: at("webhooks", hook, "/rotate"), key: red},
		{op: "TestWebhook", path: at("webhooks", hook, "/test"), key: red},
		{op: "ReplayWebhook", path: at("webhooks", hook, "/replay"), key: red, body: object{"since": time.Now().UTC()}},
		{op: "RemoveWebhook", path: at("webhooks", hook, "/remove"), key: red},
		{op: "Leave", path: program + "/leave", key: w.green.key, body: object{"member": w.green.member.String()}},
		{op: "Anchor", path: "/v1/anchors", key: red, body: object{
			"log": make([]byte, 32), "size": 1, "root": make([]byte, 32), "proof": []any{make([]byte, 32)}, "broken": true,
		}, weak: true},
		{op: "AcceptRestore", path: "/v1/restores", key: steward, body: object{"reason": "the disk was lost", "entry": 0}, done: 409}, // nothing waits for it
	}
}

type object = map[string]any

func hostilePolicy() object {
	return object{
		"types": object{"url": object{"retention_days": 5, "max_retention_days": 50}}, "tags": []any{"trade"},
		"suspected_minor": false, "training_needed": true,
	}
}

func (w *world) hostileDraft(basis object, linked lantern.ID) object {
	return object{
		"programs": []any{w.program.String()}, "type": "url", "value": "https://files.example.com/h/9", "tags": []any{"trade"},
		"status": "lead", "severity": "high", "imminent": false, "confidence": 50, "basis": basis, "language": "en", "subject_role": "content",
		"handling": "AMBER", "use_restriction": "", "expires": time.Now().Add(9 * 24 * time.Hour).UTC(), "note": "seen on a file host",
		"first_seen": time.Now().Add(-48 * time.Hour).UTC(), "last_seen": time.Now().Add(-24 * time.Hour).UTC(), "suspected_minor": false,
		"links": []any{object{"kind": "derived-from", "signal": linked.String()}},
	}
}

// TestHostile sends bad input of every kind to every write: the status must be right, the
// answer a problem, nothing may be stored, and what was planted may be nowhere.
func TestHostile(t *testing.T) {
	t.Parallel()
	sqldbtest.Each(t, func(t *testing.T, url string) {
		t.Parallel()
		w := newWorld(t, url)
		targets := w.targets()
		var writes []string
		for _, op := range w.spec.Operations {
			if op.Method != "GET" {
				writes = append(writes, op.ID)
			}
		}
		for _, tt := range targets {
			if tt.method == "" {
				tt.method = "POST"
			}
			writes = slices.DeleteFunc(writes, func(id string) bool { return id == tt.op })
			t.Run(tt.op, func(t *testing.T) { w.attack(t, tt) })
		}
		writes = slices.DeleteFunc(writes, func(id string) bool { return id == "ShareStream" || id == "Import" }) // Import: TestHostileFiles
		t.Run("ShareStream", w.attackStream)
		if len(writes) > 0 {
			t.Errorf("not attacked: %v", writes)
		}
		rec := httptest.NewRecorder()
		w.metrics.Handler().ServeHTTP(rec, httptest.NewRequest("GET", "/metrics", nil))
		for place, text := range map[string]string{"log": w.log.String(), "metrics": rec.Body.String()} {
			if shows(text) {
				t.Errorf("the %s holds what was planted", place)
			}
		}
	})
}

// attackStream sends everything bad as lines: each line is refused for itself.
func (w *world) attackStream(t *testing.T) {
	const path = "/v1/signals/stream"
	before := w.size()
	send := func(what, key, body string, header ...string) (status int, answer string) {
		t.Helper()
		res, answer := w.send("POST", path, key, body, append([]string{"Content-Type", "application/x-ndjson"}, header...)...)
		if shows(answer + fmt.Sprint(res.Header)) {
			t.Errorf("%s: the answer repeats what was planted", what)
		}
		if now := w.size(); now != before {
			t.Errorf("%s: something was stored", what)
			before = now
		}
		return res.StatusCode, answer
	}
	draft := w.hostileDraft(object{"policy": "Rule 4", "reviewed_by": "human", "at": time.Now().UTC()}, 1)
	for _, list := range []map[string]string{malformed(t, draft), mutations(t, draft)} {
		for name, body := range list {
			status, answer := send(name, w.red.key, body)
			for line := range strings.Lines(answer) {
				if status == 200 && !strings.Contains(line, `"status":"refused"`) {
					t.Errorf("%s: not refused", name)
				}
			}
		}
	}
	for what, key := range w.badKeys(t) {
		if status, _ := send(what, key, encode(t, draft)); status != 401 {
			t.Errorf("%s: status %d", what, status)
		}
	}
	if status, _ := send("key without scope", w.weakKey(t), encode(t, draft)); status != 403 {
		t.Errorf("a key without the scope: status %d", status)
	}
	before = w.size() // a key was made
	for what, header := range map[string][]string{"other media type": {"Content-Type", "text/plain"}, "compressed": {"Content-Encoding", "gzip"}} {
		if status, _ := send(what, w.red.key, encode(t, draft), header...); status != 415 {
			t.Errorf("%s: status %d", what, status)
		}
	}
	if status, _ := send("picture", w.red.key, "\xff\xd8\xff\xe0"+planted); status != 415 {
		t.Errorf("a picture: status %d", status)
	}
	if status, _ := send("a line without end", w.red.key, strings.Repeat(" ", web.MaxLine+1)+"{"); status != 413 {
		t.Errorf("a line without end: status %d", status)
	}
}

// attack sends everything bad to one write, and at last what is good: so each refusal was
// for what was bad in it.
func (w *world) attack(t *testing.T, tt target) {
	before := w.size()
	n := 0
	refused := func(what string, status []int, method, path, key, body string, header ...string) {
		t.Helper()
		n++
		res, answer := w.send(method, path, key, body, header...)
		inBatch := tt.op == "ShareBatch" && res.StatusCode == 200 && strings.Contains(answer, `{"results":[{"status":"refused","problem":{`)
		if !slices.Contains(status, res.StatusCode) && !(inBatch && slices.Contains(status, 400)) {
			t.Errorf("%s: status %d, want %v", what, res.StatusCode, status)
		}
		if res.Header.Get("Content-Type") != "application/problem+json" && !inBatch {
			t.Errorf("%s: answered as %s", what, res.Header.Get("Content-Type"))
		}
		if shows(answer + fmt.Sprint(res.Header)) {
			t.Errorf("%s: the answer repeats what was planted", what)
		}
		if now := w.size(); now != before {
			t.Errorf("%s: something was stored", what)
			before = now
		}
	}
	good := encode(t, tt.body)
	bad := []int{400}
	for name, body := range malformed(t, tt.body) {
		refused(name, bad, tt.method, tt.path, tt.key, body)
	}
	for name, body := range mutations(t, tt.body) {
		// An id or a tag that is well formed and of nothing is refused as such.
		status := bad
		if strings.HasPrefix(name, "unknown id") || strings.Contains(name, "/tags/") {
			status = []int{400, 403, 404}
		}
		refused(name, status, tt.method, tt.path, tt.key, body)
	}
	if tt.body != nil {
		limit := 1 << 20
		if tt.op == "ShareBatch" || tt.op == "ShareIncident" {
			limit = 16 << 20
		}
		refused("huge", []int{413}, tt.method, tt.path, tt.key, strings.Replace(good, "{", "{"+strings.Repeat(" ", limit), 1))
		refused("other media type", []int{415}, tt.method, tt.path, tt.key, good, "Content-Type", "text/plain")
		refused("compressed", []int{415}, tt.method, tt.path, tt.key, good, "Content-Encoding", "gzip")
		refused("picture", []int{415}, tt.method, tt.path, tt.key, "\xff\xd8\xff\xe0"+planted)
	}
	refused("query", bad, tt.method, tt.path+"?"+planted+"="+planted, tt.key, good)
	refused("method", []int{405}, "DELETE", tt.path, tt.key, good)
	refused("idempotency key", bad, tt.method, tt.path, tt.key, good, "Idempotency-Key", planted+" "+planted)
	for name, key := range w.badKeys(t) {
		refused(name, []int{401}, tt.method, tt.path, key, good)
	}
	if !tt.weak {
		refused("key without scope", []int{403, 404}, tt.method, tt.path, w.weakKey(t), good)
	}
	if parts := strings.Split(tt.path, "/"); len(parts) > 4 {
		for name, id := range map[string]string{"planted id": planted, "negative": "-1", "overflow": "9223372036854775808", "nul": "%00"} {
			parts[3] = id
			refused("path with "+name, bad, tt.method, strings.Join(parts, "/"), tt.key, good)
		}
		parts[3] = "4611686018427387904"
		refused("path of nothing", []int{404, 403}, tt.method, strings.Join(parts, "/"), tt.key, good)
	}
	if res, _ := w.send(tt.method, tt.path, tt.key, good); res.StatusCode >= 300 && res.StatusCode != tt.done {
		t.Errorf("what is good was refused: %d", res.StatusCode)
	}
	t.Logf("%d bad requests", n)
}

// badKeys are credentials that are none. The good ones they are made from belong to persons.
func (w *world) badKeys(t *testing.T) map[string]string {
	if w.expiredKey == "" {
		w.expiredKey, w.revokedKey = w.deadKeys(t)
	}
	return map[string]string{
		"no key": "", "garbage": planted, "planted secret": "lk_123456789_" + planted, "other spelling": "123456789|" + planted,
		"expired key": w.expiredKey, "revoked key": w.revokedKey, "cut off key": w.red.key[:len(w.red.key)-1],
	}
}

// deadKeys makes an expired and a revoked key behind the exchange's face.
func (w *world) deadKeys(t *testing.T) (expired, revoked string) {
	ctx := t.Context()
	want := lantern.Key{Actor: w.outsider, Scopes: []lantern.Scope{lantern.ScopeRead, lantern.ScopeShare, lantern.ScopeRespond}}
	old := must(t)(w.steward.IssueKey(ctx, want)).(lantern.Key)
	must(t)(w.steward.RevokeKey(ctx, old.ID))
	want.Expires = time.Now().Add(time.Hour)
	short := must(t)(w.steward.IssueKey(ctx, want)).(lantern.Key)
	w.ahead.Add(int64(2 * time.Hour))
	return short.Secret, old.Secret
}

// weakKey is a good key that may read and nothing else, of a member without a part.
func (w *world) weakKey(t *testing.T) string {
	if w.readKey == "" {
		w.readKey = must(t)(w.steward.IssueKey(t.Context(), lantern.Key{Actor: w.outsider, Scopes: []lantern.Scope{lantern.ScopeRead}})).(lantern.Key).Secret
	}
	return w.readKey
}

func encode(t *testing.T, v any) string {
	if v, ok := v.(object); ok && v == nil {
		return ""
	}
	b, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// malformed breaks a body as a whole.
func malformed(t *testing.T, body object) map[string]string {
	if body == nil {
		return map[string]string{"unwanted body": `{"a":"` + planted + `"}`, "garbage": planted}
	}
	good := encode(t, body)
	first := slices.Sorted(maps.Keys(body))[0]
	return map[string]string{
		"empty": "", "null": "null", "array": "[" + good + "]", "string": `"` + planted + `"`, "cut off": good[:len(good)-1],
		"trailing": good + planted, "two": good + good, "raw nul": "\x00" + good,
		"duplicate name": `{"` + first + `":"` + planted + `",` + good[1:],
		"deep":           `{"` + first + `":` + strings.Repeat(`{"`+planted+`":`, 9) + "1" + strings.Repeat("}", 9) + "}",
		"very deep":      strings.Repeat(`[`, 100_000),
	}
}

// mutations gives the body once for every member and every way of spoiling it.
func mutations(t *testing.T, body object) map[string]string {
	all := map[string]string{}
	if body == nil {
		return all
	}
	var walk func(at string, v any, set func(any))
	try := func(name string, set func(any), old, v any) {
		set(v)
		all[name] = encode(t, body)
		set(old)
	}
	walk = func(at string, v any, set func(any)) {
		switch v := v.(type) {
		case object:
			try(at+" array for object", set, v, []any{v})
			try(at+" string for object", set, v, planted)
			if isMap := strings.HasSuffix(at, "/types"); isMap {
				try(at+" planted key", set, v, object{planted: object{}})
			} else {
				more := maps.Clone(v)
				more[planted] = planted
				try(at+" unknown name", set, v, more)
			}
			for name, e := range maps.Clone(v) {
				walk(at+"/"+name, e, func(e any) { v[name] = e })
			}
		case []any:
			try(at+" object for array", set, v, object{planted: v})
			for i, e := range v {
				walk(fmt.Sprintf("%s/%d", at, i), e, func(e any) { v[i] = e })
			}
		case bool:
			try(at+" string for bool", set, v, planted)
		case int:
			try(at+" string for number", set, v, planted)
			try(at+" fraction", set, v, 1.5)
			try(at+" huge number", set, v, json.RawMessage("1e400"))
		case time.Time:
			try(at+" planted time", set, v, planted)
			try(at+" number for time", set, v, 7)
		case string:
			try(at+" number for string", set, v, 73)
			try(at+" array for string", set, v, []any{planted})
			try(at+" object for string", set, v, object{planted: planted})
			try(at+" planted and turned", set, v, planted+"\u202e "+planted)
			try(at+" planted nul", set, v, planted+"\x00")
			try(at+" planted bytes", set, v, json.RawMessage(`"`+planted+`MARK"`))
			all[at+" planted bytes"] = strings.Replace(all[at+" planted bytes"], "MARK", "\xff\xfe", 1)
			try(at+" planted surrogate", set, v, json.RawMessage(`"`+planted+`\ud800"`))
			try(at+" very long", set, v, strings.Repeat(planted, 1000))
			if _, err := lantern.ParseID(v); err == nil {
				delete(all, at+" planted and turned")
				try("unknown id "+at, set, v, "4611686018427387904")
				try(at+" planted id", set, v, planted)
			}
		}
	}
	walk("", body, func(any) {})
	delete(all, " array for object") // the body itself cannot be set; malformed replaces it
	delete(all, " string for object")
	more := maps.Clone(body)
	more[planted] = planted
	all[" unknown name"] = encode(t, more)
	return all
}
