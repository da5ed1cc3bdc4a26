package api_test

import (
	"net/http/httptest"
	"os"
	"path/filepath"

	"lantern"
	"lantern/audit"
	"lantern/client"
	"lantern/internal/exchange"
	"lantern/internal/face/api"
	"lantern/internal/web"
)

// tellRestore opens the exchange once more with a fence of a longer log, as after a
// return to a backup, and accepts.
func (w *world) tellRestore() {
	ctx, t := w.t.Context(), w.t
	note := must(t)(w.steward.Checkpoint(ctx)).([]byte)
	head, err := audit.OpenCheckpoint(note, w.x.LogKey())
	if err != nil {
		t.Fatal(err)
	}
	longer, err := w.x.Signer.Sign(audit.Checkpoint{Size: head.Size + 5, Extra: []string{"lantern-restores 0"}})
	if err != nil {
		t.Fatal(err)
	}
	c := w.x.Config
	c.Fence = filepath.Join(t.TempDir(), "log.newest")
	if err := os.WriteFile(c.Fence, longer, 0o600); err != nil {
		t.Fatal(err)
	}
	x, err := exchange.New(ctx, c)
	if err != nil {
		t.Fatal(err)
	}
	defer x.Close() //nolint:errcheck // a test's
	face, err := api.New(x, w.config)
	if err != nil {
		t.Fatal(err)
	}
	mux := web.NewMux(web.Options{})
	face.Mount(mux)
	server := httptest.NewServer(mux)
	defer server.Close()
	steward := client.New(server.URL, w.stewardKey, client.Options{Transport: w, Retries: -1})
	if err := steward.Ready(ctx); lantern.KindOf(err) != lantern.Unavailable {
		t.Errorf("behind the fence the exchange is ready: %v", err)
	}
	r := must(t)(steward.AcceptRestore(ctx, lantern.Restore{Reason: "the disk was lost"})).(lantern.Restore)
	if list := must(t)(steward.Restores(ctx)).([]lantern.Restore); len(list) != 1 || list[0] != r || r.Lost != 5 {
		t.Errorf("accepted %+v, listed %+v", r, list)
	}
}
