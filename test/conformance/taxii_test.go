package conformance

import (
	"cmp"
	"context"
	"fmt"
	"log/slog"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"lantern"
	"lantern/internal/exchange/exchangetest"
	"lantern/internal/face/taxii"
	"lantern/internal/format/stix"
	"lantern/internal/web"
)

// OASIS's client of TAXII 2.1 is run from a checkout of github.com/oasis-open/cti-taxii-client,
// unmodified: LANTERN_TAXII_CLIENT names it, with pytz, requests and six where Python finds them.

// taxiiWorld is an exchange with the face in front, and where the client is.
type taxiiWorld struct {
	*exchangetest.World
	t               *testing.T
	url, collection string
	checkout        string
	red, blue       exchangetest.Company
}

func newTAXII(t *testing.T) *taxiiWorld {
	t.Helper()
	checkout := os.Getenv("LANTERN_TAXII_CLIENT")
	if checkout == "" {
		t.Skip("THE CLIENT OF OASIS WAS NOT RUN: set LANTERN_TAXII_CLIENT to a checkout of oasis-open/cti-taxii-client")
	}
	w := &taxiiWorld{World: exchangetest.New(t, "sqlite:"+filepath.Join(t.TempDir(), "exchange.db")), t: t, checkout: checkout}
	w.red, w.blue = w.AddCompany("Red Files"), w.AddCompany("Blue Chat")
	server := httptest.NewServer(taxii.New(w.Exchange).Handler(web.Options{Log: slog.New(slog.DiscardHandler)}))
	t.Cleanup(server.Close)
	w.url = server.URL
	w.collection = "/taxii2/" + w.Program.ID.String() + "/collections/" + stix.UUID("collection", w.Program.ID, 1) + "/"
	return w
}

// python is the Python that has what other people's clients import.
func python() string { return cmp.Or(os.Getenv("LANTERN_PYTHON"), "python3") }

// run runs the driver and returns what it printed.
func (w *taxiiWorld) run(args ...string) string {
	w.t.Helper()
	cmd := exec.CommandContext(w.t.Context(), python(), append([]string{"testdata/taxii_walk.py"}, args...)...)
	cmd.Env = append(os.Environ(), "PYTHONPATH="+w.checkout)
	var complaints strings.Builder
	cmd.Stderr = &complaints
	out, err := cmd.Output()
	if err != nil {
		w.t.Fatalf("the client: %v\n%s", err, complaints.String())
	}
	return string(out)
}

func TestTheClientOfOASISTellsAStory(t *testing.T) {
	w := newTAXII(t)
	if got := w.run("story", w.url, w.red.ServiceKey, w.collection); got != "ok\n" {
		t.Errorf("%s", got)
	}
}

// walkedObjects is how many objects stand in the collection when a walk begins.
const walkedObjects = 10_000

// meanwhile is how often the writer adds three and takes one back during one walk.
const meanwhile = 500

// TestTheClientOfOASISWalks walks a collection while a writer adds to it and takes back from it.
// Whatever stood there from the beginning to the end must come, and nothing comes twice in one
// version (the driver looks).
func TestTheClientOfOASISWalks(t *testing.T) {
	w := newTAXII(t)
	next := 0
	share := func(ctx context.Context, n int) (ids []lantern.ID) {
		drafts := make([]lantern.Draft, n)
		for i := range drafts {
			drafts[i] = w.Draft(next)
			next++
		}
		results, err := w.ShareBatch(ctx, w.red.Service, drafts)
		if err != nil {
			t.Error(err)
			return nil
		}
		for _, r := range results {
			ids = append(ids, r.Signal)
		}
		return ids
	}
	var ids []lantern.ID
	for len(ids) < walkedObjects {
		ids = append(ids, share(t.Context(), lantern.MaxBatch)...)
	}
	deleted, turn := map[lantern.ID]bool{}, 0
	for _, limit := range []int{10, 100, 1000} {
		ctx, stop := context.WithCancel(context.WithoutCancel(t.Context()))
		var writer sync.WaitGroup
		writer.Go(func() {
			for i := 0; i < meanwhile && ctx.Err() == nil; i++ {
				ids = append(ids, share(context.WithoutCancel(ctx), 3)...)
				victim := ids[(turn*7919)%walkedObjects]
				turn++
				if deleted[victim] {
					continue
				}
				if _, err := w.Withdraw(context.WithoutCancel(ctx), w.red.Service, victim, lantern.Withdrawal{Reason: lantern.WithdrawnInError}); err != nil {
					t.Error(err)
					return
				}
				deleted[victim] = true
			}
		})
		before := ids[:walkedObjects:walkedObjects]
		out := w.run("walk", w.url, w.blue.ServiceKey, w.collection, fmt.Sprint(limit))
		stop()
		writer.Wait()
		got := map[string]bool{}
		for line := range strings.Lines(out) {
			var what, id, version string
			if _, err := fmt.Sscan(line, &what, &id, &version); err != nil {
				t.Fatal(err)
			}
			got[what+" "+id] = true
		}
		missing := 0
		for _, id := range before {
			for _, what := range []string{"get_objects ", "get_manifest "} {
				if !deleted[id] && !got[what+stix.ID("indicator", w.Program.ID, id)] {
					missing++
				}
			}
		}
		if missing > 0 || len(got) < 2*(walkedObjects-len(deleted)) {
			t.Errorf("by %d: %d of %d are missing", limit, missing, walkedObjects)
		}
		t.Logf("by %d: %d objects came, %d were added and %d taken back meanwhile", limit, len(got), len(ids)-walkedObjects, len(deleted))
	}
}
