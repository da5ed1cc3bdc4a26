package threatexchange_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"lantern/internal/exchange/exchangetest"
	"lantern/internal/face/threatexchange"
	"lantern/internal/fair"
	"lantern/internal/sqldb/sqldbtest"
	"lantern/internal/web"
)

// TestQuota: whoever was handed more than its quota is told so in Graph's way, and how much of it
// is used before.
func TestQuota(t *testing.T) {
	t.Parallel()
	w := newWorld(t, sqldbtest.SQLite(t))
	c := w.Config
	c.Quotas = fair.Quotas{Disclose: 4}
	w.Exchange = w.Open(c)
	w.url = w.serve()
	for n := range 6 {
		w.MustShare(w.red.Service, w.hash(n))
	}
	address := w.url + "/" + w.Program.ID.String() + "/threat_updates?access_token=" + url.QueryEscape(token(w.green.ServiceKey))
	if status, _, _ := w.send("GET", address, ""); status != http.StatusOK {
		t.Fatalf("the first page: status %d", status)
	}
	status, text, header := w.send("GET", address, "")
	var e struct{ Error struct{ Code int } }
	if err := json.Unmarshal([]byte(text), &e); err != nil || status != http.StatusTooManyRequests || e.Error.Code != 4 {
		t.Errorf("beyond the quota: status %d, code %d", status, e.Error.Code)
	}
	// Six signals were taken from four an hour: one is there again after three quarters of one.
	if header.Get("Retry-After") != "2700" || !strings.Contains(header.Get("X-App-Usage"), `"call_count":1`) {
		t.Errorf("headers: %v", header)
	}
	batch := url.Values{"batch": {`[{"method":"GET","relative_url":"` + w.Program.ID.String() + `/threat_updates"}]`}, "access_token": {token(w.green.ServiceKey)}}
	_, text, _ = w.send("POST", w.url+"/", batch.Encode())
	if !strings.Contains(text, `{"name":"Retry-After","value":"2700"}`) {
		t.Error("a call of a batch beyond the quota does not say how long to wait")
	}
}

// TestLinksLeadBack: where a proxy stands in front, links lead to the address that clients know, with
// all that they gave, for they add nothing to them.
func TestLinksLeadBack(t *testing.T) {
	t.Parallel()
	w := newWorld(t, sqldbtest.SQLite(t))
	for n := range 3 {
		w.MustShare(w.red.Service, w.hash(n))
	}
	handler := threatexchange.New(w.Exchange, threatexchange.Config{PublicURL: "https://exchange.example.com/"}).Handler(web.Options{})
	rec := httptest.NewRecorder()
	tok := token(w.green.ServiceKey)
	path := "/v21.0/" + w.Program.ID.String() + "/threat_updates/"
	handler.ServeHTTP(rec, httptest.NewRequest("GET", path+"?limit=2&fields=id,type&types=HASH_PDQ&start_time=1&access_token="+url.QueryEscape(tok), nil))
	var answer struct{ Paging struct{ Next string } }
	if err := json.Unmarshal(rec.Body.Bytes(), &answer); err != nil {
		t.Fatal(err)
	}
	next, err := url.Parse(answer.Paging.Next)
	if err != nil || next.Scheme != "https" || next.Host != "exchange.example.com" || next.Path != path {
		t.Fatalf("the link does not lead to the public address: %v", err)
	}
	for name, want := range map[string]string{"limit": "2", "fields": "id,type", "types": "HASH_PDQ", "start_time": "1", "access_token": tok} {
		if next.Query().Get(name) != want {
			t.Errorf("the link lacks %s", name)
		}
	}
	if next.Query().Get("after") == "" {
		t.Error("the link has no cursor")
	}
}

// TestTokens: every key is a token of the form without which tx asks for nothing.
func TestTokens(t *testing.T) {
	t.Parallel()
	w := newWorld(t, sqldbtest.SQLite(t))
	form := regexp.MustCompile(`^[0-9]{8,}(?:%7C|\|)[a-zA-Z0-9_-]{20,}$`)
	for _, c := range []exchangetest.Company{w.red, w.blue, w.green} {
		for role, key := range map[string]string{"service": c.ServiceKey, "submitter": c.SubmitterKey, "admin": c.AdminKey} {
			if !form.MatchString(token(key)) {
				t.Errorf("the key of %s's %s is no such token", c.Name, role)
			}
		}
	}
}

// TestShapes asks for the same in every shape of path that clients use: none is redirected, all
// are answered alike.
func TestShapes(t *testing.T) {
	t.Parallel()
	w := newWorld(t, sqldbtest.SQLite(t))
	w.MustShare(w.red.Service, w.hash(1))
	q := "?fields=indicator&access_token="
	for _, tok := range []string{token(w.green.ServiceKey), url.QueryEscape(token(w.green.ServiceKey))} {
		for _, path := range []string{"", "/v2.4", "/v21.0", "/v999.12"} {
			for _, slash := range []string{"", "/"} {
				status, text, _ := w.send("GET", w.url+path+"/"+w.Program.ID.String()+"/threat_updates"+slash+q+tok, "")
				if status != http.StatusOK || !strings.Contains(text, hash(1)) {
					t.Errorf("%s…%s: status %d", path, slash, status)
				}
			}
		}
	}
	for _, form := range []string{"", "&"} {
		body := form + url.Values{"access_token": {token(w.green.ServiceKey)}, "reactions": {"HELPFUL"}}.Encode()
		for _, media := range []string{"", "application/x-www-form-urlencoded", "text/json"} {
			var header []string
			if media != "" {
				header = []string{"Content-Type", media}
			}
			if status, _ := w.raw("POST", w.url+"/v21.0/4242424242424242/", body, header...); status != http.StatusNotFound {
				t.Errorf("a form that begins with %q, as %q: status %d", form, media, status)
			}
		}
	}
	// A picture is never taken, whatever it is called.
	if status, _ := w.raw("POST", w.url+"/threat_descriptors", "\xff\xd8\xff\xe0picture"); status != http.StatusBadRequest {
		t.Errorf("a picture: status %d", status)
	}
	file := "--x\r\nContent-Disposition: form-data; name=\"indicator\"; filename=\"a.txt\"\r\n\r\nabc\r\n--x--\r\n"
	if status, _ := w.raw("POST", w.url+"/threat_descriptors", file, "Content-Type", "multipart/form-data; boundary=x"); status != http.StatusBadRequest {
		t.Errorf("a file: status %d", status)
	}
	field := "--x\r\nContent-Disposition: form-data; name=\"access_token\"\r\n\r\n" + token(w.green.ServiceKey) + "\r\n--x\r\nContent-Disposition: form-data; name=\"reactions\"\r\n\r\nHELPFUL\r\n--x--\r\n"
	if status, _ := w.raw("POST", w.url+"/4242424242424242", field, "Content-Type", "multipart/form-data; boundary=x"); status != http.StatusNotFound {
		t.Errorf("a multipart form: status %d", status)
	}
}

// FuzzFace sends anything anywhere: every answer is JSON, none is the server's fault.
func FuzzFace(f *testing.F) {
	w := fuzzWorld(f)
	id := w.MustShare(w.red.Service, w.hash(1)).String()
	group := w.Program.ID.String()
	for _, path := range []string{"/", "/threat_descriptors", "/" + id, "/" + group + "/threat_updates", "/threat_tags", "/" + id + "/related", "/stopncii/" + group + "/FetchHashes"} {
		f.Add("GET", path, "fields=id,owner{id}&limit=3&start_time=-1day")
		f.Add("POST", path, "reactions=HELPFUL&batch=[{\"method\":\"GET\",\"relative_url\":\"threat_tags\"}]&type=HASH_MD5&indicator=x")
		f.Add("DELETE", path, "ids="+id)
	}
	f.Fuzz(func(t *testing.T, method, path, params string) {
		if method != "GET" && method != "POST" && method != "DELETE" {
			return
		}
		u := url.URL{Scheme: "http", Host: strings.TrimPrefix(w.url, "http://"), Path: path, RawQuery: "access_token=" + url.QueryEscape(token(w.green.ServiceKey))}
		req, err := http.NewRequest(method, u.String(), strings.NewReader(params))
		if err != nil {
			return
		}
		res, err := http.DefaultTransport.RoundTrip(req)
		if err != nil {
			return // not a request
		}
		defer res.Body.Close() //nolint:errcheck // it is read
		var v any
		if err := json.NewDecoder(res.Body).Decode(&v); err != nil {
			t.Errorf("%s %q: the answer is no JSON", method, path)
		}
		if res.StatusCode >= 500 || res.StatusCode >= 300 && res.StatusCode < 400 {
			t.Errorf("%s %q %q: status %d", method, path, params, res.StatusCode)
		}
	})
}

// TestTakes: the face leaves all paths of the exchange's own to it.
func TestTakes(t *testing.T) {
	t.Parallel()
	for path, want := range map[string]bool{
		"/": true, "/v21.0": true, "/v2.4/": true, "/v21.0/1/threat_updates/": true, "/123": true, "/123/related": true, "/threat_tags/": true, "/stopncii/1/FetchHashes": true,
		"/v1": false, "/v1/signals": false, "/v1/programs/123": false, "/readyz": false, "/openapi.json": false, "/checkpoint": false, "/tile/0/000": false, "/v21": false, "/x/v21.0": false, "//v21.0": false,
	} {
		if got := threatexchange.Takes(&http.Request{URL: &url.URL{Path: path}}); got != want {
			t.Errorf("%s: %v, want %v", path, got, want)
		}
	}
}
