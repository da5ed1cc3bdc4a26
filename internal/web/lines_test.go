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
	long := web.NewLines(strings.NewReader(`{"link":"` + strings.Repeat("a", web.MaxLine) + "\"}\n{\"link\":\"b\"}\n" + strings.Repeat("x", 3*web.MaxLine)))
	var c lantern.Candidate
	if err := long.Next(&c); lantern.KindOf(err) != lantern.TooLarge || long.Ended() || err.(*lantern.Error).Field != "/0" {
		t.Errorf("a line that is too long: %v", err)
	}
	if err := long.Next(&c); err != nil || c.Link != "b" || long.Index() != 1 || long.Line() != 2 {
		t.Errorf("behind it: %v, %+v, number %d", err, c, long.Index())
	}
	if err := long.Next(&c); lantern.KindOf(err) != lantern.TooLarge {
		t.Errorf("the last line, too long: %v", err)
	}
	if err := long.Next(&c); err != io.EOF || !long.Ended() {
		t.Errorf("after the end: %v", err)
	}
	whole := `{"link":"` + strings.Repeat("a", web.MaxLine-len(`{"link":""}`)) + `"}`
	if err := web.NewLines(strings.NewReader(whole)).Next(&c); err != nil {
		t.Errorf("a line of all that is allowed: %v", err)
	}
}

// TestDecodeText reads what no text should hold and messages do.
func TestDecodeText(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		`a\ud83db`: "a\ufffdb", `\ud83d`: "\ufffd", `\udc00\ud83d\ude00`: "\ufffd\U0001F600", `\ud83d\ud83d\ude00`: "\ufffd\U0001F600",
		`\\ud83d`: `\ud83d`, `\\\ud83d\\`: "\\\ufffd\\", `a\u0000b`: "a\ufffdb", "a\xffb": "a\ufffdb", "\xed\xa0\x80": "\ufffd", `\uD83D\u0041`: "\ufffdA", `\ud83d\n`: "\ufffd\n", "a\xe6\x97": "a\ufffd", `ä\u00e4`: "ää",
	} {
		var r lantern.Record
		if err := web.DecodeText([]byte(`{"ref":"r","text":"`+in+`"}`), &r); err != nil || r.Text != want || r.Ref != "r" {
			t.Errorf("%q: got %q, %v; want %q", in, r.Text, err, want)
		}
	}
	for _, in := range []string{`{"ref":"\ud83d","ref":"b"}`, `{"text":"\ud83d`, `{"text":"\u00"}`, "{\"text\":\"\x00\"}", `{"text":"\ud83d\`, `{"zz":"\ud83d"}`} {
		if err := web.DecodeText([]byte(in), &lantern.Record{}); lantern.KindOf(err) != lantern.Invalid {
			t.Errorf("%q: got %v", in, err)
		}
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
