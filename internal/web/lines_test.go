package web_test

import (
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"lantern"
	"lantern/internal/web"
)

func TestLines(t *testing.T) {
	t.Parallel()
	in := web.NewLines(strings.NewReader("{\"link\":\"a\"}\n\n{\"zz\":1}\r\n{\"account\":1}\n{\"account\":\"b\"}"))
	want := []string{"", "/1", "/2/account", ""}
	for i, pointer := range want {
		var c lantern.Candidate
		err := in.Next(&c)
		got := ""
		if err != nil {
			got = err.(*lantern.Error).Field
		}
		if got != pointer || in.Index() != i {
			t.Errorf("line %d: error at %q, want %q", i, got, pointer)
		}
	}
	if err := in.Next(&lantern.Candidate{}); err != io.EOF {
		t.Errorf("after the end: %v", err)
	}
	long := web.NewLines(strings.NewReader(`{"link":"` + strings.Repeat("a", web.MaxLine) + `"}`))
	if err := long.Next(&lantern.Candidate{}); lantern.KindOf(err) != lantern.TooLarge {
		t.Errorf("a line that is too long: %v", err)
	}
}

// Editors mark a text in UTF-8: the mark is no part of the first object, nor a line. It stands
// at the beginning of a file alone, and not of its parts.
func TestLinesPassOverAMark(t *testing.T) {
	t.Parallel()
	const mark = "\ufeff"
	for _, c := range []struct {
		text   string
		before int
		want   string // how the objects are read
	}{
		{mark + "{\"link\":\"a\"}\n{\"link\":\"b\"}", 0, "a b"},
		{mark + "\r\n{\"link\":\"a\"}", 0, "a"},
		{mark, 0, ""},
		{mark + mark + "{\"link\":\"a\"}\n{\"link\":\"b\"}", 0, "/0 b"},
		{"{\"link\":\"a\"}\n" + mark + "{\"link\":\"b\"}", 0, "a /1"},
		{mark + "{\"link\":\"a\"}", 5, "/5"},
	} {
		in := web.NewLines(strings.NewReader(c.text))
		in.Begin(c.before)
		var got []string
		for {
			var one lantern.Candidate
			err := in.Next(&one)
			var e *lantern.Error
			if errors.Is(err, io.EOF) {
				break
			}
			if errors.As(err, &e) {
				got = append(got, e.Field)
			} else {
				got = append(got, one.Link)
			}
		}
		if got := strings.Join(got, " "); got != c.want {
			t.Errorf("%q: got %q, want %q", c.text, got, c.want)
		}
	}
}

func TestHeaders(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		bearer, key string
		token       string
		keyOK       bool
	}{
		"good":       {"Bearer lk_1_abc", "k-1", "lk_1_abc", true},
		"lower case": {"bearer lk_1_abc", "", "lk_1_abc", false},
		"basic":      {"Basic abc", "with space", "", false},
		"two words":  {"Bearer a b", "é", "", false},
		"empty":      {"Bearer ", strings.Repeat("k", 129), "", false},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			r := httptest.NewRequest("GET", "/", nil)
			r.Header.Set("Authorization", tt.bearer)
			r.Header.Set("Idempotency-Key", tt.key)
			token, err := web.Bearer(r)
			if token != tt.token || (err == nil) != (tt.token != "") {
				t.Errorf("token read wrongly: %v", err)
			}
			if _, err := web.IdempotencyKey(r); (err == nil) != tt.keyOK {
				t.Errorf("idempotency key: %v", err)
			}
		})
	}
	h := http.Header{}
	web.Quota{Limit: 10, Remaining: 0, Reset: 1500 * time.Millisecond}.Set(h)
	if h.Get("RateLimit-Limit") != "10" || h.Get("Retry-After") != "2" {
		t.Errorf("quota headers: %v", h)
	}
}

func FuzzDecode(f *testing.F) {
	for _, s := range []string{`{}`, `{"programs":["1"],"links":[{"kind":"a","signal":"2"}]}`, `{"a":`, "{\"note\":\"\xff\"}", `{"note":"\u0000"}`} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		var d lantern.Draft
		err := web.Decode(b, &d)
		if err == nil {
			return
		}
		if lantern.KindOf(err) != lantern.Invalid {
			t.Fatalf("an error without kind: %T", err)
		}
	})
}
