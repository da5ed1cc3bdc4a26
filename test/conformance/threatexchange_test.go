package conformance

import (
	"bytes"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"log/slog"
	"math/rand/v2"
	"net/http/httptest"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"lantern"
	"lantern/internal/exchange/exchangetest"
	"lantern/internal/face/threatexchange"
	wire "lantern/internal/format/threatexchange"
	"lantern/internal/web"
	"lantern/pdq"
)

// The clients of ThreatExchange are run from a checkout of github.com/facebook/ThreatExchange,
// unmodified. LANTERN_THREATEXCHANGE names it; LANTERN_PYTHON is a Python that has what they
// import (default python3), LANTERN_PYTHONPATH where else it is to look for that. For Java's
// client a JDK is needed.

// clients is an exchange with the face in front, and where the clients are.
type clients struct {
	*exchangetest.World
	t         *testing.T
	url       string
	checkout  string
	python    string
	red, blue exchangetest.Company
}

func newClients(t *testing.T) *clients {
	t.Helper()
	checkout := os.Getenv("LANTERN_THREATEXCHANGE")
	if checkout == "" {
		t.Skip("THE CLIENTS OF THREATEXCHANGE WERE NOT RUN: set LANTERN_THREATEXCHANGE to a checkout of facebook/ThreatExchange")
	}
	w := exchangetest.New(t, "sqlite:"+filepath.Join(t.TempDir(), "exchange.db"))
	c := &clients{World: w, t: t, checkout: checkout, python: python()}
	c.red, c.blue = w.AddCompany("Red Files"), w.AddCompany("Blue Chat")
	face := threatexchange.New(w.Exchange, threatexchange.Config{}).Handler(web.Options{Log: slog.New(slog.NewTextHandler(t.Output(), nil))})
	server := httptest.NewServer(face)
	t.Cleanup(server.Close)
	c.url = server.URL
	return c
}

// key is a key as these clients want it.
func key(c exchangetest.Company) string {
	id, secret, _ := strings.Cut(strings.TrimPrefix(c.ServiceKey, "lk_"), "_")
	return id + "|" + secret
}

// run runs a program for a company and returns what it printed.
func (c *clients) run(who exchangetest.Company, dir string, env []string, name string, args ...string) (string, error) {
	c.t.Helper()
	cmd := exec.CommandContext(c.t.Context(), name, args...)
	cmd.Dir, cmd.WaitDelay = dir, time.Minute
	cmd.Env = append(append(os.Environ(), "TX_ACCESS_TOKEN="+key(who), "TZ=UTC"), env...)
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	err := cmd.Run()
	return strings.ReplaceAll(out.String(), key(who), "TOKEN"), err
}

// tx runs the public Python client.
type tx struct {
	*clients
	who exchangetest.Company
	dir string
	env []string
}

// newTX gives a company a client with state of its own, whose base URL is the exchange's.
func (c *clients) newTX(who exchangetest.Company) *tx {
	dir := c.t.TempDir()
	extension := strings.Join([]string{
		"import os",
		"from threatexchange.exchanges.clients.fb_threatexchange import api",
		"from threatexchange.extensions.manifest import ThreatExchangeExtensionManifest",
		`api.ThreatExchangeAPI._TE_BASE_URL = os.environ["LANTERN_URL"]`,
		"TX_MANIFEST = ThreatExchangeExtensionManifest()", ""}, "\n")
	if err := os.WriteFile(filepath.Join(dir, "lantern_tx.py"), []byte(extension), 0o600); err != nil {
		c.t.Fatal(err)
	}
	path := []string{dir, filepath.Join(c.checkout, "python-threatexchange")}
	if more := os.Getenv("LANTERN_PYTHONPATH"); more != "" {
		path = append(path, more)
	}
	state := filepath.Join(dir, "state")
	if err := os.Mkdir(state, 0o700); err != nil {
		c.t.Fatal(err)
	}
	return &tx{c, who, dir, []string{"PYTHONPATH=" + strings.Join(path, string(os.PathListSeparator)), "TX_STATEDIR=" + state, "LANTERN_URL=" + c.url + "/v21.0"}}
}

// must runs a command of the client, which must succeed.
func (x *tx) must(args ...string) string {
	x.t.Helper()
	out, err := x.run(x.who, x.dir, x.env, x.python, append([]string{"-m", "threatexchange"}, args...)...)
	if err != nil {
		x.t.Fatalf("tx %s: %v\n%s", strings.Join(args, " "), err, out)
	}
	return out
}

// TestPublicClient runs tx: it configures, fetches, matches pictures and texts, and fetches again
// after what was shared changed and was taken back.
func TestPublicClient(t *testing.T) {
	t.Parallel()
	c := newClients(t)
	ctx := t.Context()
	x := c.newTX(c.blue)
	x.must("config", "extensions", "add", "lantern_tx")
	group := c.Program.ID.String()
	x.must("config", "api", "fb_threatexchange", "-I", group)

	x.must("fetch") // nothing is there, which must not be an error
	picture, hash := writePicture(t, x.dir, 1)
	other, otherHash := writePicture(t, x.dir, 2)
	share := func(typ lantern.SignalType, value string) lantern.ID {
		d := c.Draft(1)
		d.Type, d.Value = typ, value
		return c.MustShare(c.red.Service, d)
	}
	wrong := share("pdq", hash)
	share("pdq", otherHash)
	text := share("phrase", "invented wumple frobnicator trade words")
	share("phrase", "other made-up blorbit words of trade") // the client does not rebuild an index of which nothing is left
	c.Clock.Add(2 * time.Second)
	x.must("fetch")
	matches := func(what string, want bool, args ...string) {
		t.Helper()
		out := x.must(append([]string{"match"}, args...)...)
		if got := strings.Contains(out, "csam"); got != want {
			t.Errorf("%s matches: %v, want %v\n%s", what, got, want, out)
		}
	}
	matches("a shared picture", true, "photo", picture)
	matches("another", true, "photo", other)
	if out := x.must("match", "photo", picture); !strings.Contains(out, "POSITIVE_CLASS") {
		t.Errorf("a reviewed hash shows as\n%s", out)
	}
	matches("a shared phrase", true, "text", "--", "invented wumple frobnicator trade words")
	if out := x.must("match", "text", "--", "invented wumple frobnicator trade words"); !strings.Contains(out, "INVESTIGATION_SEED") {
		t.Errorf("a phrase shows as\n%s", out)
	}

	third, thirdHash := writePicture(t, x.dir, 3)
	share("pdq", thirdHash)
	for _, id := range []lantern.ID{wrong, text} {
		if _, err := c.Withdraw(ctx, c.red.Service, id, lantern.Withdrawal{Reason: lantern.WithdrawnInError}); err != nil {
			t.Fatal(err)
		}
	}
	c.Clock.Add(2 * time.Second)
	x.must("fetch")
	matches("a picture that was taken back", false, "photo", picture)
	matches("a phrase that was taken back", false, "text", "--", "invented wumple frobnicator trade words")
	matches("what stayed", true, "photo", other)
	matches("what is new", true, "photo", third)
	x.must("fetch")
	x.must("fetch")
}

// following is a program over the client's own library: it fetches on and on until a file appears,
// then once more, and holds what it has to what the library gets anew.
const following = `
import os, sys
from threatexchange.exchanges.clients.fb_threatexchange.api import ThreatExchangeAPI
from threatexchange.exchanges.impl.fb_threatexchange_api import FBThreatExchangeCollabConfig, FBThreatExchangeSignalExchangeAPI

group, stop = int(sys.argv[1]), sys.argv[2]
client = ThreatExchangeAPI(os.environ["TX_ACCESS_TOKEN"], endpoint_override=os.environ["LANTERN_URL"])
exchange = FBThreatExchangeSignalExchangeAPI(client, FBThreatExchangeCollabConfig(name="lantern", privacy_group=group))

def fetch(state, checkpoint):
    for delta in exchange.fetch_iter([], checkpoint):
        state.update(delta.updates)
        checkpoint = delta.checkpoint
    return checkpoint

def held(state):
    return {key: record for key, record in state.items() if record is not None}

state, checkpoint, fetches = {}, None, 0
while True:
    over = os.path.exists(stop)
    checkpoint = fetch(state, checkpoint)
    fetches += 1
    if over:
        break
fresh = {}
fetch(fresh, None)
print("fetches", fetches, "values", len(held(fresh)), "same", held(state) == held(fresh))
`

// TestPublicClientUnderWrites lets the client's library fetch on while others share, amend, react and
// withdraw: it ends with exactly what the server has.
func TestPublicClientUnderWrites(t *testing.T) {
	t.Parallel()
	c := newClients(t)
	ctx := t.Context()
	x := c.newTX(c.blue)
	stop := filepath.Join(x.dir, "stop")
	program := filepath.Join(x.dir, "following.py")
	if err := os.WriteFile(program, []byte(following), 0o600); err != nil {
		t.Fatal(err)
	}
	wrote := make(chan error, 1)
	go func() {
		var mine []lantern.ID
		for i := range 600 {
			d := c.Draft(i)
			d.Type, d.Value = "sha256", fmt.Sprintf("%064x", 0xfeed00000000+i)
			r, err := c.Share(ctx, c.red.Service, d)
			if err != nil {
				wrote <- err
				return
			}
			mine = append(mine, r.Signal)
			old := mine[i*7%len(mine)]
			switch i % 4 { // what ended before refuses, which is fine
			case 1:
				_, _ = c.Withdraw(ctx, c.red.Service, old, lantern.Withdrawal{Reason: lantern.WithdrawnOutdated})
			case 2:
				_, _ = c.React(ctx, c.blue.Service, lantern.Feedback{Signal: old, Reaction: lantern.Helpful})
			case 3:
				d.Tags = []lantern.Tag{"trade"}
				_, _ = c.Share(ctx, c.red.Service, d)
			}
			c.Clock.Add(50 * time.Millisecond)
		}
		wrote <- os.WriteFile(stop, nil, 0o600)
	}()
	out, err := c.run(c.blue, x.dir, x.env, c.python, program, c.Program.ID.String(), stop)
	if e := <-wrote; e != nil {
		t.Fatal(e)
	}
	if err != nil || !strings.Contains(out, "same True") || strings.Contains(out, "values 0 ") {
		t.Errorf("following: %v\n%s", err, out)
	}
	t.Log(out)
}

// TestStopNCIIClient reads the other form with nothing but a credential.
func TestStopNCIIClient(t *testing.T) {
	t.Parallel()
	c := newClients(t)
	x := c.newTX(c.blue)
	x.env = append(x.env, "TX_STOPNCII_KEYS="+key(c.blue)+",none,"+c.url+"/stopncii/"+c.Program.ID.String())
	x.must("config", "collab", "edit", "stop_ncii", "--create", "lantern")
	var pictures []string
	for n := range 2 {
		picture, hash := writePicture(t, x.dir, n)
		d := c.Draft(1)
		d.Type, d.Value = "pdq", hash
		c.MustShare(c.red.Service, d)
		pictures = append(pictures, picture)
	}
	x.must("fetch")
	if out := x.must("match", "photo", pictures[0]); !strings.Contains(out, "POSITIVE_CLASS") {
		t.Errorf("a shared picture does not match\n%s", out)
	}
	x.must("fetch")
}

// tagQuery is a te-tag-query in one language.
type tagQuery struct {
	name string
	run  func(args ...string) (string, error)
}

// tagQueries lists those that can be run here.
func (c *clients) tagQueries(who exchangetest.Company) []tagQuery {
	c.t.Helper()
	examples := filepath.Join(c.checkout, "api-reference-examples")
	list := []tagQuery{{"python", func(args ...string) (string, error) {
		program := filepath.Join(examples, "python", "te-tag-query", "TETagQuery.py")
		return c.run(who, c.t.TempDir(), nil, c.python, append([]string{program, "-b", c.url + "/v6.0"}, args...)...)
	}}}
	javac, err := exec.LookPath("javac")
	if err != nil {
		c.t.Log("JAVA'S TE-TAG-QUERY WAS NOT RUN: there is no javac")
		return list
	}
	classes, source := c.t.TempDir(), filepath.Join(examples, "java", "te-tag-query")
	files, err := filepath.Glob(filepath.Join(source, "com", "facebook", "threatexchange", "*.java"))
	if err != nil {
		c.t.Fatal(err)
	}
	if out, err := c.run(who, source, nil, javac, append([]string{"-nowarn", "-d", classes}, files...)...); err != nil {
		c.t.Fatalf("compiling Java's client: %v\n%s", err, out)
	}
	return append(list, tagQuery{"java", func(args ...string) (string, error) {
		return c.run(who, classes, nil, "java", append([]string{"-cp", classes, "com.facebook.threatexchange.TETagQuery", "-b", c.url + "/v6.0"}, args...)...)
	}})
}

// TestTagQuery runs te-tag-query: look-up, details, submit, update, copy.
func TestTagQuery(t *testing.T) {
	t.Parallel()
	c := newClients(t)
	for i := range 60 {
		d := c.Draft(i)
		d.Type, d.Value = "sha256", fmt.Sprintf("%064x", 0xabcdef+i)
		c.MustShare(c.red.Service, d)
	}
	source := c.MustShare(c.red.Service, c.Draft(1000))
	group := c.Program.ID.String()
	for n, q := range c.tagQueries(c.blue) {
		must := func(want string, args ...string) string {
			t.Helper()
			out, err := q.run(args...)
			if err != nil || !strings.Contains(out, want) {
				t.Fatalf("%s: %s: %v\n%s", q.name, strings.Join(args, " "), err, out)
			}
			return out
		}
		must(wire.TagID("csam").String(), "look-up-tag-id", "csam")
		if out := must(source.String(), "tag-to-ids", "csam"); strings.Count(out, "\n") < 61 {
			t.Errorf("%s: too few ids\n%s", q.name, out)
		}
		out := must("files.example.com", "tag-to-details", "--page-size", "17", "csam")
		if n := strings.Count(out, "raw_indicator"); q.name == "python" && n < 61 {
			t.Errorf("%s: %d details", q.name, n)
		}
		since, want := []string{"tag-to-ids", "--tagged-since", "-1day", "csam"}, source.String()
		if q.name == "java" {
			since, want = []string{"incremental", "--since", "-1day", "csam"}, "files.example.com"
		}
		must(want, since...)
		must("files.example.com", "ids-to-details", source.String())
		all := must("files.example.com", "paginate", c.url+"/v6.0/threat_descriptors/?access_token="+url.QueryEscape(key(c.blue))+"&limit=9&fields=raw_indicator&owner="+c.red.ID.String())
		if got := strings.Count(all, "raw_indicator"); got < 61 {
			t.Errorf("%s: %d by pages", q.name, got)
		}
		if q.name == "python" {
			must("files.example.com", "power-search", "--since", "-1day", "--limit", "7", "--tags", "csam,trade", "--review-status", "REVIEWED_MANUALLY", "--max-confidence", "95",
				"--severity", "SUSPICIOUS", "--type", "URI", "--text", "https://files.example.com/f/1000", "--strict-text")
		}
		value := fmt.Sprintf("%064x", 0x1234567890ab+n)
		submit := []string{"submit", "-i", value, "-t", "HASH_SHA256", "-d", "child safety 2.1", "-l", "AMBER", "-p", "HAS_PRIVACY_GROUP", "-m", group,
			"-y", "SEVERE", "-s", "MALICIOUS", "-r", "REVIEWED_MANUALLY", "--tags", "csam", "--confidence", "70", "--related-triples-for-upload-as-json",
			fmt.Sprintf(`[{"owner_app_id":%s,"td_indicator_type":"URI","td_raw_indicator":"https://files.example.com/f/1000"}]`, c.red.ID)}
		must("success", submit...)
		list, err := c.OpinionsOn(t.Context(), c.blue.Service, "sha256", value)
		if err != nil || len(list) != 1 || list[0].Severity != lantern.High || list[0].Confidence != 70 {
			t.Fatalf("%s: submitted was %v, %v", q.name, list, err)
		}
		id := list[0].ID.String()
		if related, err := c.Related(t.Context(), c.blue.Service, list[0].ID); err != nil || len(related) != 1 || related[0].ID != source {
			t.Errorf("%s: what was named as related is not: %v", q.name, err)
		}
		must("success", "update", "-n", id, "-y", "APOCALYPSE", "--add-tags", "trade")
		must("success", "update", "-n", source.String(), "--reactions-to-add", "INGESTED,IN_REVIEW")
		if list, err = c.OpinionsOn(t.Context(), c.blue.Service, "sha256", value); err != nil || list[0].Severity != lantern.Critical || len(list[0].Tags) != 2 {
			t.Errorf("%s: updated was %v, %v", q.name, list, err)
		}
		must("success", "copy", "-n", source.String(), "-p", "HAS_PRIVACY_GROUP", "-m", group, "-d", "child safety 3")
		if list, err = c.OpinionsOn(t.Context(), c.blue.Service, "url", "https://files.example.com/f/1000"); err != nil || len(list) != 2 {
			t.Errorf("%s: copied was %v, %v", q.name, list, err)
		}
	}
	if list, err := c.Reactions(t.Context(), c.red.Service, source); err != nil || len(list) != 2 {
		t.Errorf("reactions: %v, %v", list, err)
	}
}

// writePicture writes a picture of blots that flow into each other and returns its hash. Even blocks would
// not do: their finest waves are nothing but rounding, and two right programs differ in their signs.
func writePicture(t *testing.T, dir string, seed int) (path, hash string) {
	t.Helper()
	rng := rand.New(rand.NewPCG(uint64(seed), 11))
	img := image.NewNRGBA(image.Rect(0, 0, 128, 128))
	var weights [8][8]float64
	for i := range weights {
		for j := range weights[i] {
			weights[i][j] = rng.Float64() * 255
		}
	}
	for y := range 128 {
		i, down := y*7/128, float64(y*7%128)/128
		for x := range 128 {
			j, right := x*7/128, float64(x*7%128)/128
			upper := weights[i][j]*(1-right) + weights[i][j+1]*right
			lower := weights[i+1][j]*(1-right) + weights[i+1][j+1]*right
			v := uint8(upper*(1-down) + lower*down)
			img.Set(x, y, color.NRGBA{v, v / 2, 255 - v, 255})
		}
	}
	path = filepath.Join(dir, fmt.Sprintf("picture-%d.png", seed))
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close() //nolint:errcheck // written below
	if err := png.Encode(f, img); err != nil {
		t.Fatal(err)
	}
	h, quality, err := pdq.Sum(img)
	if err != nil || quality < 50 {
		t.Fatalf("the picture's quality is %d: %v", quality, err)
	}
	return path, h.String()
}
