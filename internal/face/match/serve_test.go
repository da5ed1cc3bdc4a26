package match_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"lantern"
	"lantern/client"
	"lantern/internal/agent"
	"lantern/internal/agent/agenttest"
	"lantern/internal/web"
)

func localToken(t *testing.T, dir string) string {
	t.Helper()
	path := filepath.Join(dir, agent.TokenFile)
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	if info.Mode().Perm() != 0o600 {
		t.Errorf("the token file has mode %v, want 0600", info.Mode().Perm())
	}
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimSpace(string(text))
}

func TestWhoMayDoWhat(t *testing.T) {
	t.Parallel()
	w := agenttest.New(t)
	host, social := w.AddCompany("Cloudbin"), w.AddCompany("Facegram")
	id := w.MustShare(host.Submitter, w.Draft(1))
	dir := t.TempDir()
	r := w.Run(t, social, dir)
	d := serve(t, w, r, social, dir)
	none := client.NewAgent(d.url, "", client.Options{Retries: -1})
	calls := callsOf(w.Program.ID, id)
	for what, call := range callsByID() {
		// Of ids there is none: who may is told before what is there.
		calls[what] = func(ctx context.Context, a *client.Agent) error { return ignore(call(ctx, a), lantern.NotFound) }
	}
	local := map[string]bool{"status": true, "match": true, "scan": true, "hits": true, "quarantine": true, "volume": true, "cases": true, "corrections": true, "accounts": true,
		"hunts": true, "plan a hunt": true, "forget a hunt": true, "pieces": true,
		"acts": true, "proposals": true, "a hit": true, "a preview": true, "evidence": true, "a timeline": true}
	other := w.AddCompany("Pixelplay")
	for who, a := range map[string]*client.Agent{
		"nobody": none, "the token": d.token, "a person": d.person, "another member's person": none.WithKey(other.InvestigatorKey),
		"a service": none.WithKey(social.ServiceKey), "a wrong token": none.WithKey("la_" + strings.Repeat("x", 43)), "a wrong key": none.WithKey("lk_123456789_" + strings.Repeat("x", 43)),
	} {
		for what, call := range calls {
			want := lantern.Unauthorized
			switch {
			case who == "a person", who == "the token" && local[what]:
				want = ""
			case who == "the token":
				want = lantern.Forbidden
			}
			if err := call(t.Context(), a); lantern.KindOf(err) != want || want == "" && err != nil {
				t.Errorf("%s, %s: got %v, want kind %q", who, what, err, want)
			}
		}
	}
}

// callsOf are the calls that need nothing to be there but a program and a signal.
func callsOf(program, id lantern.ID) map[string]func(context.Context, *client.Agent) error {
	return map[string]func(context.Context, *client.Agent) error{
		"status": func(ctx context.Context, a *client.Agent) error { _, err := a.Status(ctx); return err },
		"match": func(ctx context.Context, a *client.Agent) error {
			_, err := a.Match(ctx, []lantern.Record{{Ref: "r"}}, true)
			return err
		},
		"scan": func(ctx context.Context, a *client.Agent) error {
			return a.Scan(ctx, client.ScanFile{Name: "a.txt", Dry: true}, strings.NewReader("text"), func(lantern.Answer) error { return nil })
		},
		"hits": func(ctx context.Context, a *client.Agent) error {
			_, err := a.Hits(ctx, client.HitFilter{})
			return err
		},
		"cases":       func(ctx context.Context, a *client.Agent) error { _, err := a.Cases(ctx); return err },
		"corrections": func(ctx context.Context, a *client.Agent) error { _, err := a.ReviewTasks(ctx); return err },
		"reveal":      func(ctx context.Context, a *client.Agent) error { _, err := a.Reveal(ctx, id); return err },
		"decide": func(ctx context.Context, a *client.Agent) error {
			_, err := a.DecideHits(ctx, nil)
			return err
		},
		"quarantine": func(ctx context.Context, a *client.Agent) error { _, err := a.Quarantine(ctx); return err },
		"volume":     func(ctx context.Context, a *client.Agent) error { _, err := a.Volume(ctx, time.Time{}); return err },
		"release": func(ctx context.Context, a *client.Agent) error {
			return ignore(a.Release(ctx, id, lantern.QuarantineRelease{Hits: lantern.DropHits, Reason: "r"}), lantern.NotFound)
		},
		"open a case": func(ctx context.Context, a *client.Agent) error {
			_, err := a.OpenCase(ctx, lantern.CaseDraft{Title: "t", Program: program, Signals: []lantern.ID{id}})
			return err
		},
		"round": func(ctx context.Context, a *client.Agent) error {
			_, err := a.AddRound(ctx, 1, strings.NewReader(`{"account":"a","link":"l"}`))
			return ignore(err, lantern.NotFound)
		},
		"rule": func(ctx context.Context, a *client.Agent) error {
			_, err := a.Rule(ctx, 1, strings.NewReader(`{"account":"a","decision":"unsure"}`))
			return ignore(err, lantern.NotFound)
		},
		"outcome": func(ctx context.Context, a *client.Agent) error {
			_, err := a.SendOutcome(ctx, 1, lantern.CaseOutcome{Kind: lantern.AccountsActioned, Ground: "g"})
			return ignore(err, lantern.NotFound)
		},
		"share": func(ctx context.Context, a *client.Agent) error {
			return ignore(a.ShareBack(ctx, 1, strings.NewReader(""), nil), lantern.NotFound)
		},
		"rule on a task": func(ctx context.Context, a *client.Agent) error {
			_, err := a.RuleTask(ctx, 1, lantern.TaskRuling{Result: "stands", Ground: "g"})
			return ignore(err, lantern.NotFound)
		},
		"hunts": func(ctx context.Context, a *client.Agent) error { _, err := a.Hunts(ctx); return err },
		"plan a hunt": func(ctx context.Context, a *client.Agent) error {
			_, err := a.PlanHunt(ctx, "past", nil, true)
			return err
		},
		"forget a hunt": func(ctx context.Context, a *client.Agent) error {
			return ignore(a.ForgetHunt(ctx, "none"), lantern.NotFound)
		},
		"pieces": func(ctx context.Context, a *client.Agent) error {
			_, err := a.Pieces(ctx, "", true).Look(&lantern.Piece{Ref: "r", Kind: lantern.PieceNone}, nil, func(lantern.Answer) error { return nil })
			return err
		},
		"accounts":  func(ctx context.Context, a *client.Agent) error { _, err := a.HitAccounts(ctx, "", 0); return err },
		"acts":      func(ctx context.Context, a *client.Agent) error { _, err := a.Acts(ctx); return err },
		"proposals": func(ctx context.Context, a *client.Agent) error { _, err := a.Proposals(ctx, ""); return err },
	}
}

// callsByID are calls on objects, of which there are none.
func callsByID() map[string]func(context.Context, *client.Agent) error {
	return map[string]func(context.Context, *client.Agent) error{
		"a hit":      func(ctx context.Context, a *client.Agent) error { _, err := a.Hit(ctx, 1); return err },
		"a preview":  func(ctx context.Context, a *client.Agent) error { _, err := a.Bulk(ctx, 1); return err },
		"evidence":   func(ctx context.Context, a *client.Agent) error { _, err := a.CaseEvidence(ctx, 1); return err },
		"a timeline": func(ctx context.Context, a *client.Agent) error { _, err := a.Timeline(ctx, 1, 0, 0); return err },
		"undo":       func(ctx context.Context, a *client.Agent) error { _, err := a.Undo(ctx, 1); return err },
		"preview": func(ctx context.Context, a *client.Agent) error {
			_, err := a.PreviewBulk(ctx, lantern.BulkDraft{Hit: 1, Decision: lantern.Unsure, Reason: lantern.Language})
			return err
		},
		"commit": func(ctx context.Context, a *client.Agent) error {
			_, err := a.CommitBulk(ctx, 1, lantern.BulkCommit{Digest: strings.Repeat("0", 64)})
			return err
		},
		"own": func(ctx context.Context, a *client.Agent) error {
			_, err := a.OwnCase(ctx, 1, lantern.CaseOwner{})
			return err
		},
		"close": func(ctx context.Context, a *client.Agent) error {
			_, err := a.SetCaseState(ctx, 1, lantern.CaseState{Close: lantern.CaseDone})
			return err
		},
		"note": func(ctx context.Context, a *client.Agent) error {
			_, err := a.AddNote(ctx, 1, lantern.CaseNote{Text: "t"})
			return err
		},
		"notes": func(ctx context.Context, a *client.Agent) error { _, err := a.Notes(ctx, 1); return err },
		"task": func(ctx context.Context, a *client.Agent) error {
			_, err := a.AddTask(ctx, 1, lantern.CaseTask{Text: "t"})
			return err
		},
		"tasks":  func(ctx context.Context, a *client.Agent) error { _, err := a.CaseTasks(ctx, 1); return err },
		"finish": func(ctx context.Context, a *client.Agent) error { _, err := a.FinishTask(ctx, 1, 2); return err },
		"preview what is shared": func(ctx context.Context, a *client.Agent) error {
			_, err := a.PreviewShare(ctx, 1, strings.NewReader(""))
			return err
		},
		"propose": func(ctx context.Context, a *client.Agent) error {
			_, err := a.Propose(ctx, lantern.ProposalDraft{Bulk: 1})
			return err
		},
		"answer": func(ctx context.Context, a *client.Agent) error {
			_, err := a.AnswerProposal(ctx, 1, lantern.ProposalAnswer{})
			return err
		},
	}
}

// ignore turns the expected kind into success.
func ignore(err error, kind lantern.Kind) error {
	if lantern.KindOf(err) == kind {
		return nil
	}
	return err
}

func TestBadInputIsRefusedAndNotRepeated(t *testing.T) {
	t.Parallel()
	w := agenttest.New(t)
	social := w.AddCompany("Facegram")
	dir := t.TempDir()
	r := w.Run(t, social, dir)
	d := serve(t, w, r, social, dir)
	token := localToken(t, dir)
	const secret = "s3cretvalue"
	for _, c := range []struct {
		name, method, path, media, body string
		status                          int
	}{
		{"not JSON", "POST", "/v1/match", "application/json", secret, 400},
		{"unknown member", "POST", "/v1/match", "application/json", `{"items":[],"` + secret + `":1}`, 400},
		{"duplicate member", "POST", "/v1/match", "application/json", `{"items":[],"items":[]}`, 400},
		{"wrong type", "POST", "/v1/match", "application/json", `{"items":"` + secret + `"}`, 400},
		{"other media type", "POST", "/v1/match", "text/plain", secret, 415},
		{"too many", "POST", "/v1/match", "application/json", `{"items":[` + strings.Repeat(`{"ref":"r"},`, 1000) + `{"ref":"r"}]}`, 413},
		{"unknown parameter", "GET", "/v1/hits?" + secret + "=1", "", "", 400},
		{"bad state", "GET", "/v1/hits?state=" + secret, "", "", 400},
		{"held hits", "GET", "/v1/hits?state=held", "", "", 400},
		{"bad id", "GET", "/v1/cases/" + secret, "", "", 400},
		{"unknown path", "GET", "/v1/" + secret, "", "", 404},
		{"unknown method", "DELETE", "/v1/hits", "", "", 405},
	} {
		req, err := http.NewRequestWithContext(t.Context(), c.method, d.url+c.path, strings.NewReader(c.body))
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Authorization", "Bearer "+token)
		if c.media != "" {
			req.Header.Set("Content-Type", c.media)
		}
		res, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		body, _ := io.ReadAll(res.Body)
		res.Body.Close()
		if res.StatusCode != c.status || res.Header.Get("Content-Type") != "application/problem+json" || strings.Contains(string(body), secret) {
			t.Errorf("%s: got %d, %s: %s", c.name, res.StatusCode, res.Header.Get("Content-Type"), body)
		}
	}
}

func TestARecordThatCannotBeReadHarmsNoNeighbor(t *testing.T) {
	t.Parallel()
	w := agenttest.New(t)
	host, social := w.AddCompany("Cloudbin"), w.AddCompany("Facegram")
	w.MustShare(host.Submitter, w.Draft(1))
	dir := t.TempDir()
	d := serve(t, w, w.Run(t, social, dir), social, dir)
	lines := []string{
		`{"ref":"a","urls":["` + w.Draft(1).Value + `"]}`,
		`{"ref":`,
		`{"urls":["` + w.Draft(1).Value + `"]}`,
		`{"ref":"d","values":[{"type":"email","value":"n0t-an-address"},{"type":"nosuch","value":"x"},{"type":"url","value":"` + w.Draft(1).Value + `"}],"hashes":["12"]}`,
		`{"ref":"e","text":"` + strings.Repeat("x", web.MaxLine) + `"}`,
		`{"ref":"f","texts":"x"}`,
		`{"ref":"g","text":"\ud83d\u0000 ` + w.Draft(1).Value + `"}`,
	}
	var got []string
	err := d.token.MatchStream(t.Context(), strings.NewReader(strings.Join(lines, "\n")), true, func(a lantern.Answer) error {
		got = append(got, fmt.Sprintf("%s %s %d %d", a.Ref, a.State, len(a.Matches), len(a.Reasons)))
		for _, r := range a.Reasons {
			if strings.Contains(r, "n0t-an-address") {
				t.Errorf("a reason repeats the value: %s", r)
			}
		}
		return nil
	})
	want := []string{"a ok 1 0", " could-not-look 0 1", " could-not-look 0 1", "d could-not-look 1 3", " could-not-look 0 1", "f could-not-look 0 1", "g ok 1 0"}
	if err != nil || strings.Join(got, "|") != strings.Join(want, "|") {
		t.Errorf("got %q, %v; want %q", got, err, want)
	}
}

// TestRefusedStream refuses streams before their bodies are read: the calls that follow on the
// same connections are answered.
func TestRefusedStream(t *testing.T) {
	t.Parallel()
	w := agenttest.New(t)
	social := w.AddCompany("Facegram")
	dir := t.TempDir()
	d := serve(t, w, w.Run(t, social, dir), social, dir)
	none := func(lantern.Answer) error { return nil }
	for i := range 200 {
		err := d.token.Scan(t.Context(), client.ScanFile{Name: "a.txt", Ref: "a\tb", Dry: true}, strings.NewReader("some text"), none)
		if lantern.KindOf(err) != lantern.Invalid {
			t.Fatalf("call %d: got %v, want a refusal", i, err)
		}
		err = d.token.Scan(t.Context(), client.ScanFile{Name: "a.txt", Ref: "a", Dry: true}, strings.NewReader("some text"), none)
		if err != nil {
			t.Fatalf("after the refusal of call %d: %v", i, err)
		}
	}
}
