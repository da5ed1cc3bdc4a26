package match_test

import (
	"io"
	"net/http"
	"strings"
	"testing"

	"lantern"
	"lantern/internal/agent/agenttest"
)

// A stream of pieces that is malformed is refused at the place, repeats nothing, and ends at
// once.
func TestMalformedPieces(t *testing.T) {
	t.Parallel()
	w := agenttest.New(t)
	social := w.AddCompany("Facegram")
	dir := t.TempDir()
	d := serve(t, w, w.Run(t, social, dir), social, dir)
	const good = `{"ref":"a.txt","kind":"text","bytes":4,"offset":0,"from":0,"to":4}` + "\nabcd"
	for _, tt := range []struct {
		name, body string
		done       int // pieces that were looked at before
		status     int // 0: the connection is cut, because the answer had begun
	}{
		{"nothing", "", 0, http.StatusOK},
		{"one and another", good + good, 2, http.StatusOK},
		{"no description", "night.owl\n", 0, http.StatusBadRequest},
		{"unknown kind", strings.Replace(good, `"text"`, `"night.owl"`, 1), 0, http.StatusBadRequest},
		{"too large", strings.Replace(good, `"bytes":4`, `"bytes":99999999`, 1), 0, http.StatusBadRequest},
		{"borders out of order", strings.Replace(good, `"to":4`, `"to":-4`, 1), 0, http.StatusBadRequest},
		{"ends within a piece", good + good[:len(good)-2], 1, 0},
		{"description without an end", strings.Repeat("x", 300<<10), 0, http.StatusRequestEntityTooLarge},
	} {
		t.Run(tt.name, func(t *testing.T) {
			req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, d.url+"/v1/pieces?dry=1", strings.NewReader(tt.body))
			if err != nil {
				t.Fatal(err)
			}
			req.Header.Set("Authorization", "Bearer "+localToken(t, dir))
			res, err := http.DefaultClient.Do(req)
			if err != nil {
				t.Fatal(err)
			}
			defer res.Body.Close()
			b, err := io.ReadAll(res.Body)
			text := string(b)
			if tt.status == 0 {
				if err == nil {
					t.Errorf("an answer that broke off looks whole: %d %q", res.StatusCode, text)
				}
			} else if res.StatusCode != tt.status || err != nil {
				t.Errorf("got %d, %v; want %d", res.StatusCode, err, tt.status)
			}
			if n := strings.Count(text, `"done":true`); n != tt.done {
				t.Errorf("%d pieces done, want %d: %s", n, tt.done, text)
			}
			if strings.Contains(text, "night.owl") {
				t.Error("the answer repeats what was sent")
			}
		})
	}
}

// While the agent cannot look, it refuses to hunt, and notes nothing.
func TestNoHuntWhileBlind(t *testing.T) {
	t.Parallel()
	w := agenttest.New(t)
	social := w.AddCompany("Facegram")
	dir := t.TempDir()
	r := w.Run(t, social, dir)
	d := serve(t, w, r, social, dir)
	files := []lantern.HuntedFile{{Path: "/past/a.txt", Size: 4, Modified: 1}}
	got, err := d.token.PlanHunt(t.Context(), "past", files, false)
	if err != nil || got[0].Verdict != lantern.HuntDue {
		t.Fatalf("got %+v, %v", got, err)
	}
	w.Clock.Add(lantern.LeaseEnds)
	if _, err := d.token.PlanHunt(t.Context(), "past", files, false); lantern.KindOf(err) != lantern.Unavailable {
		t.Errorf("a plan out of contact: %v", err)
	}
	pieces := d.token.Pieces(t.Context(), "past", false)
	defer pieces.Close()
	p := &lantern.Piece{Ref: "a.txt", Kind: lantern.PieceText, To: 4, Hunted: &files[0]}
	if done, err := pieces.Look(p, []byte("abcd"), func(lantern.Answer) error { return nil }); lantern.KindOf(err) != lantern.Unavailable || done.Kept {
		t.Errorf("a piece out of contact: %+v, %v", done, err)
	}
	hunts, err := d.token.Hunts(t.Context())
	if err != nil || len(hunts) != 1 || hunts[0].Files != 0 {
		t.Errorf("got %+v, %v", hunts, err)
	}
}
