package conformance

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"lantern"
	"lantern/internal/sqldb/sqldbtest"
)

// hma is hasher-matcher-actioner, whole: its command line, its curation and matching over HTTP, its
// PostgreSQL. Two of its exchanges are the same program: read as ThreatExchange's, and as StopNCII's.
type hma struct {
	*clients
	src string
	env []string
	url string
}

// hmaConfig is a configuration as HMA's manual describes one; the first assignment is the only
// one that speaks of Lantern.
const hmaConfig = `
import os
from threatexchange.exchanges.clients.fb_threatexchange import api
api.ThreatExchangeAPI._TE_BASE_URL = os.environ["LANTERN_URL"]

from OpenMediaMatch.storage.postgres.impl import DefaultOMMStore
from threatexchange.content_type.photo import PhotoContent
from threatexchange.content_type.video import VideoContent
from threatexchange.exchanges.impl.fb_threatexchange_api import FBThreatExchangeSignalExchangeAPI
from threatexchange.exchanges.impl.stop_ncii_api import StopNCIISignalExchangeAPI
from threatexchange.signal_type.md5 import VideoMD5Signal
from threatexchange.signal_type.pdq.signal import PdqSignal

DATABASE_URI = os.environ["HMA_DATABASE"]
PRODUCTION = True
ROLE_HASHER = ROLE_MATCHER = ROLE_CURATOR = True
TASK_FETCHER = TASK_INDEXER = TASK_INDEX_CACHE = False # the test says when
STORAGE_IFACE_INSTANCE = DefaultOMMStore(
    signal_types=[PdqSignal, VideoMD5Signal],
    content_types=[PhotoContent, VideoContent],
    exchange_types=[FBThreatExchangeSignalExchangeAPI, StopNCIISignalExchangeAPI],
)
`

func newHMA(t *testing.T) *hma {
	t.Helper()
	c := newClients(t)
	dir := t.TempDir()
	config := filepath.Join(dir, "omm_config.py")
	if err := os.WriteFile(config, []byte(hmaConfig), 0o600); err != nil {
		t.Fatal(err)
	}
	h := &hma{clients: c, src: filepath.Join(c.checkout, "hasher-matcher-actioner", "src")}
	path := []string{h.src, filepath.Join(c.checkout, "python-threatexchange")}
	if more := os.Getenv("LANTERN_PYTHONPATH"); more != "" {
		path = append(path, more)
	}
	_, database, _ := strings.Cut(sqldbtest.Postgres(t), "://")
	h.env = []string{"PYTHONPATH=" + strings.Join(path, string(os.PathListSeparator)), "PYTHONWARNINGS=ignore", "OMM_CONFIG=" + config,
		"LANTERN_URL=" + c.url + "/v21.0", "HMA_DATABASE=postgresql+psycopg2://" + database, "FLASK_APP=OpenMediaMatch.app"}
	if out, err := c.run(c.blue, h.src, append(h.env, "MIGRATION_COMMAND=1"), c.python, "-c", "import OpenMediaMatch.app"); err != nil {
		t.Skipf("HMA WAS NOT RUN: %s lacks what it imports: %v\n%s", c.python, err, out)
	}
	h.env = append(h.env, "MIGRATION_COMMAND=1")
	h.flask("db", "upgrade", "--directory", filepath.Join(h.src, "OpenMediaMatch", "migrations"))
	h.env = h.env[:len(h.env)-1]
	h.flask("auth", "fb_threatexchange", "--from-str", key(c.blue))
	h.flask("auth", "stop_ncii", "--from-str", key(c.blue)+",none,"+c.url+"/stopncii/"+c.Program.ID.String())
	h.serve()
	return h
}

// flask runs one of HMA's own commands.
func (h *hma) flask(args ...string) string {
	h.t.Helper()
	out, err := h.run(h.blue, h.src, h.env, h.python, append([]string{"-m", "flask"}, args...)...)
	if err != nil {
		h.t.Fatalf("flask %s: %v\n%s", args[0], err, out)
	}
	return out
}

// serve runs HMA's server until the test ends.
func (h *hma) serve() {
	h.t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		h.t.Fatal(err)
	}
	address := l.Addr().String()
	if err := l.Close(); err != nil {
		h.t.Fatal(err)
	}
	_, port, _ := net.SplitHostPort(address)
	cmd := exec.CommandContext(h.t.Context(), h.python, "-m", "flask", "run", "--port", port)
	cmd.Dir, cmd.WaitDelay = h.src, time.Minute
	cmd.Env = append(append(os.Environ(), "TZ=UTC"), h.env...)
	var log bytes.Buffer
	cmd.Stdout, cmd.Stderr = &log, &log
	if err := cmd.Start(); err != nil {
		h.t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	h.t.Cleanup(func() { cmd.Process.Kill(); <-ended }) //nolint:errcheck // it may have ended
	h.url = "http://" + address
	tick := time.NewTicker(200 * time.Millisecond)
	defer tick.Stop()
	for {
		if res, err := http.Get(h.url + "/status/live"); err == nil {
			res.Body.Close() //nolint:errcheck // nothing is read
			return
		}
		select {
		case err := <-ended:
			ended <- err
			h.t.Fatalf("HMA's server ended: %v\n%s", err, log.String())
		case <-tick.C:
		}
	}
}

// call makes a request to HMA, which must succeed, and reads the answer into v.
func (h *hma) call(method, path, body string, v any) {
	h.t.Helper()
	req, err := http.NewRequestWithContext(h.t.Context(), method, h.url+path, strings.NewReader(body))
	if err != nil {
		h.t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/json")
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		h.t.Fatal(err)
	}
	defer res.Body.Close() //nolint:errcheck // it is read
	b, err := io.ReadAll(res.Body)
	if err != nil || res.StatusCode >= 300 {
		h.t.Fatalf("HMA %s %s: %d %v\n%s", method, path, res.StatusCode, err, b)
	}
	if v != nil {
		if err := json.Unmarshal(b, v); err != nil {
			h.t.Fatal(err)
		}
	}
}

// fetch has HMA fetch and index, and holds that each exchange says it succeeded and is up to date.
func (h *hma) fetch() {
	h.t.Helper()
	h.flask("fetch")
	h.flask("build_indices")
	for _, name := range []string{"LANTERN", "LANTERN_NCII"} {
		var status struct {
			Succeeded bool `json:"last_fetch_succeeded"`
			UpToDate  bool `json:"up_to_date"`
		}
		h.call("GET", "/c/exchange/"+name+"/status", "", &status)
		if !status.Succeeded || !status.UpToDate {
			h.t.Fatalf("%s: %+v", name, status)
		}
	}
}

// matches is how often HMA finds a hash in a bank.
func (h *hma) matches(bank, hash string) int {
	h.t.Helper()
	var found struct{ Matches []any }
	h.call("GET", "/m/raw_lookup?"+url.Values{"signal": {hash}, "signal_type": {"pdq"}, "banks": {bank}}.Encode(), "", &found)
	return len(found.Matches)
}

// TestHMA runs HMA unmodified: it signs in, makes two exchanges of a program, fetches into its own
// database, builds its index and finds what was shared, and not what was taken back. Through the form of
// StopNCII it keeps what was taken back: it looks for withdrawals in another field than that exchange's
// answers have.
func TestHMA(t *testing.T) {
	t.Parallel()
	h := newHMA(t)
	h.call("POST", "/c/exchanges", fmt.Sprintf(`{"bank":"LANTERN","api":"fb_threatexchange","api_json":{"privacy_group":%s}}`, h.Program.ID), nil)
	h.call("POST", "/c/exchanges", `{"bank":"LANTERN_NCII","api":"stop_ncii","api_json":{}}`, nil)
	h.fetch() // nothing is there, which must not be an error
	var ids []lantern.ID
	var hashes []string
	share := func(n int) {
		t.Helper()
		_, hash := writePicture(t, t.TempDir(), n)
		d := h.Draft(n)
		d.Type, d.Value = "pdq", hash
		ids, hashes = append(ids, h.MustShare(h.red.Service, d)), append(hashes, hash)
	}
	for n := range 3 { // its index finds nothing if it holds one
		share(n)
	}
	h.Clock.Add(2 * time.Second)
	h.fetch()
	for _, hash := range hashes {
		if a, b := h.matches("LANTERN", hash), h.matches("LANTERN_NCII", hash); a != 1 || b != 1 {
			t.Errorf("a shared hash is found %d and %d times", a, b)
		}
	}
	if _, err := h.Withdraw(t.Context(), h.red.Service, ids[0], lantern.Withdrawal{Reason: lantern.WithdrawnInError}); err != nil {
		t.Fatal(err)
	}
	share(3)
	h.Clock.Add(2 * time.Second)
	h.fetch()
	for n, want := range []int{0, 1, 1, 1} {
		if got := h.matches("LANTERN", hashes[n]); got != want {
			t.Errorf("hash %d is found %d times after the second fetch, want %d", n, got, want)
		}
	}
	if got := h.matches("LANTERN_NCII", hashes[3]); got != 1 {
		t.Errorf("what is new is found %d times in the form of StopNCII", got)
	}
	h.fetch()
}
