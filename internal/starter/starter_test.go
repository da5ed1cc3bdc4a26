package starter_test

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"errors"
	"flag"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf16"

	"lantern"
	"lantern/internal/starter"
)

var update = flag.Bool("update", false, "write the golden files")

// readable stands for a folder in which every file is but those that are lost.
func readable(name string) error {
	if strings.HasPrefix(name, "lost") {
		return errors.New("no such file or directory")
	}
	return nil
}

func folder(name string) error {
	if name == "taken" {
		return errors.New("that is a file")
	}
	return nil
}

func isKey(s string) bool { return strings.HasPrefix(s, "lk_") }

func TestAsk(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, typed string
		want        starter.Answers
		fails       bool
		says        string
	}{
		{"every default", "\n\n\n\n\n\n", starter.Answers{Exchange: "https://exchange.example.com", KeyFile: "service.key", Platform: "other", Dir: "agent"}, false, "1 of 5"},
		{"every answer", "https://x.example.com\nmy.key\nforum\nUS\nplace\nusers.csv\n",
			starter.Answers{Exchange: "https://x.example.com", KeyFile: "my.key", Platform: "forum", Region: "US", Dir: "place", Table: "users.csv"}, false, "5 of 5"},
		{"mended", "x\nhttps://x.example.com\nlk_123456789_abc\nmy.key\nshop\ngame\nusa\n-\n\n-\n",
			starter.Answers{Exchange: "https://x.example.com", KeyFile: "my.key", Platform: "game", Dir: "agent"}, false, "that is a key itself"},
		{"without the last line's end", "\n\n\n\n\nusers.csv", starter.Answers{Exchange: "https://exchange.example.com", KeyFile: "service.key", Platform: "other", Dir: "agent", Table: "users.csv"}, false, ""},
		{"ended", "\n\n", starter.Answers{}, true, ""},
		{"files that are not there", "\n lost.key\nmy.key\n\n\n\nlost.csv\n-\n", starter.Answers{Exchange: "https://exchange.example.com", KeyFile: "my.key", Platform: "other", Dir: "agent"}, false, "no such file"},
		{"a folder that is a file", "\n\n\n\ntaken\nplace\n\n", starter.Answers{Exchange: "https://exchange.example.com", KeyFile: "service.key", Platform: "other", Dir: "place"}, false, "that is a file"},
		{"capital letters", "\n\nForum\n\n\n\n", starter.Answers{Exchange: "https://exchange.example.com", KeyFile: "service.key", Platform: "Forum", Dir: "agent"}, false, ""},
		{"yes is no folder", "\n\n\n\ny\nYES\n\n\n", starter.Answers{Exchange: "https://exchange.example.com", KeyFile: "service.key", Platform: "other", Dir: "agent"}, false, "press Enter for the one that is shown"},
		{"never right", "\n\n" + strings.Repeat("shop\n", 5), starter.Answers{}, true, "one of forum"},
	} {
		a := starter.Answers{Exchange: "https://exchange.example.com", KeyFile: "service.key", Platform: "other", Dir: "agent"}
		var out bytes.Buffer
		err := starter.Ask(bufio.NewReader(strings.NewReader(c.typed)), &out, &a, starter.Looks{Key: isKey, File: readable, Folder: folder})
		if (err != nil) != c.fails || !c.fails && a != c.want {
			t.Errorf("%s: got %+v, %v; want %+v", c.name, a, err, c.want)
		}
		if !strings.Contains(out.String(), c.says) || strings.Contains(out.String(), "lk_123456789_abc") {
			t.Errorf("%s: it says %q", c.name, out.String())
		}
	}
}

// records reads a whole table.
func records(t *testing.T, text string) (all []lantern.Record) {
	t.Helper()
	table, err := starter.Open(strings.NewReader(text), "t.csv")
	if err != nil {
		t.Fatal(err)
	}
	for {
		r, err := table.Next()
		if errors.Is(err, io.EOF) {
			return all
		}
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, r.Record)
	}
}

func TestCheckRegion(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]bool{"": true, "-": true, "US": true, "DE": true, "XX": false, "ZZ": false, "us": false, "USA": false, "001": false} {
		if err := starter.CheckRegion(text); (err == nil) != want {
			t.Errorf("%q: %v", text, err)
		}
	}
}

func TestTable(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, text string
		want       []string // ref, account, values, text
	}{
		{"heading", "id,username,email,url,bio\n7,night_owl,a@example.com,https://example.com/x,hello there\n",
			[]string{"t.csv:2|7|username=night_owl email=a@example.com url=https://example.com/x|hello there"}},
		{"bare list of names", "night_owl\n\nday_owl\n", []string{"t.csv:1|night_owl|username=night_owl|", "t.csv:3|day_owl|username=day_owl|"}},
		{"bare list of links", "https://example.com/a\nhttps://example.com/b\n", []string{"t.csv:1||url=https://example.com/a|", "t.csv:2||url=https://example.com/b|"}},
		{"mixed", "a@example.com,@night_owl,two words,example.com/x\n", []string{"t.csv:1|@night_owl|email=a@example.com username=@night_owl|two words\nexample.com/x"}},
		{"as spreadsheets write it", "\ufeffUsername;Link\nowl;https://example.com/a,b\n", []string{"t.csv:2|owl|username=owl url=https://example.com/a,b|"}},
		{"saved as Unicode text", "\xff\xfe" + wide("Username\tLink\r\nöwl\thttps://example.com/a\r\n"), []string{"t.csv:2|öwl|username=öwl url=https://example.com/a|"}},
		{"tabs", "id\tmail\n7\ta@example.com\n", []string{"t.csv:2|7|email=a@example.com|"}},
		{"unknown columns are text", "Username,Signature\nowl,call 202-555-0143\n", []string{"t.csv:2|owl|username=owl|call 202-555-0143"}},
		{"rows of other lengths", "username\nowl,more,still\n", []string{"t.csv:2|owl|username=owl|more\nstill"}},
		{"empty", "", nil},
		{"several lines in a cell", "id,text\n1,\"a\nb\"\n2,c\n", []string{"t.csv:2|1||a\nb", "t.csv:4|2||c"}},
	} {
		var got []string
		for _, r := range records(t, c.text) {
			var values []string
			for _, v := range r.Values {
				values = append(values, string(v.Type)+"="+v.Value)
			}
			got = append(got, strings.Join([]string{r.Ref, r.Account, strings.Join(values, " "), r.Text}, "|"))
		}
		if !slices.Equal(got, c.want) {
			t.Errorf("%s: got %q, want %q", c.name, got, c.want)
		}
	}
}

// wide writes text as UTF-16, little-endian.
func wide(s string) string {
	var b []byte
	for _, u := range utf16.Encode([]rune(s)) {
		b = binary.LittleEndian.AppendUint16(b, u)
	}
	return string(b)
}

func TestCountSentence(t *testing.T) {
	t.Parallel()
	for want, c := range map[string]starter.Count{
		"No possible match in 10 rows.": {Rows: 10},
		"1 possible match in 10 rows; 0 strong. Each is a clue that a person must look at, and proof of nothing.":   {Rows: 10, Matches: 1},
		"3 possible matches in 10 rows; 1 strong. Each is a clue that a person must look at, and proof of nothing.": {Rows: 10, Matches: 3, Strong: 1},
		"No possible match in what could be read of 10 rows; 2 could not be read in full.":                          {Rows: 10, Unread: 2},
	} {
		if got := c.Sentence(); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}

func TestStrong(t *testing.T) {
	t.Parallel()
	good := lantern.Match{Status: lantern.Violating, How: lantern.HowExact}
	for name, c := range map[string]struct {
		change func(m *lantern.Match)
		want   bool
	}{
		"plain":    {func(*lantern.Match) {}, true},
		"weak":     {func(m *lantern.Match) { m.Weak = true }, false},
		"disputed": {func(m *lantern.Match) { m.Disputed = true }, false},
		"a lead":   {func(m *lantern.Match) { m.Status = lantern.Lead }, false},
		"cleared":  {func(m *lantern.Match) { m.Status = lantern.NonViolating }, false},
	} {
		m := good
		if c.change(&m); starter.Strong(m) != c.want {
			t.Errorf("%s: strong is %v", name, !c.want)
		}
	}
}

// The pages are read by people who decide about people: each is a golden file.
func TestPages(t *testing.T) {
	t.Parallel()
	base := lantern.Hit{ID: 4711, Ref: "users.csv:12", Account: "u-12", State: lantern.HitOpen, Match: lantern.Match{Signal: 4712, Type: "email", How: lantern.HowExact,
		Status: lantern.Violating, Tags: []lantern.Tag{"grooming"}, Shared: time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC), RequiresReview: true}}
	for name, change := range map[string]func(h *lantern.Hit){
		"strong": func(*lantern.Hit) {},
		"own":    func(h *lantern.Hit) { h.Match.Sharer = 12 },
		"weak": func(h *lantern.Hit) {
			h.Account, h.Match.Type, h.Match.How, h.Match.Weak, h.Match.Disputed = "", "username", lantern.HowBare, true, true
		},
		"file": func(h *lantern.Hit) {
			h.Match.Type, h.Match.How, h.Match.Imminent, h.Match.Reactions = "pdq", lantern.HowNear, true, map[lantern.Reaction]int{lantern.Helpful: 2}
		},
		"link": func(h *lantern.Hit) {
			h.Match.Type, h.Match.How, h.Match.Status = "url", lantern.HowURLPrefix, lantern.Lead
		},
		"phrase": func(h *lantern.Hit) { h.Match.Type, h.Match.How, h.Match.Weak = "phrase", lantern.HowPhrase, true },
	} {
		h := base
		change(&h)
		var b bytes.Buffer
		own := lantern.ID(0)
		if name == "own" {
			own = h.Match.Sharer
		}
		if err := starter.Explain(&b, h, own); err != nil {
			t.Fatal(err)
		}
		file := filepath.Join("testdata", name+".txt")
		if *update {
			if err := os.WriteFile(file, b.Bytes(), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(file)
		if err != nil || !bytes.Equal(want, b.Bytes()) {
			t.Errorf("%s is not what the page says (run with -update and look at the difference): %v", file, err)
		}
		for _, must := range []string{"clue, not proof", "When not to open a file", "legal contact", "lantern hits decide not-violating-here 4711"} {
			if !strings.Contains(b.String(), must) {
				t.Errorf("%s lacks %q", name, must)
			}
		}
	}
	// Every comparison and kind has words of its own.
	for _, how := range []lantern.How{lantern.HowExact, lantern.HowNear, lantern.HowPhrase, lantern.HowURLPrefix, lantern.HowDomain, lantern.HowAlias, lantern.HowBare} {
		if _, err := os.Stat(filepath.Join("pages", "means-"+string(how)+".txt")); err != nil {
			t.Error(err)
		}
	}
}

func FuzzTable(f *testing.F) {
	f.Add("id,username\n1,owl\n")
	f.Add("\ufeff\"a\nb\",c\n\"")
	f.Fuzz(func(t *testing.T, text string) {
		table, err := starter.Open(strings.NewReader(text), "t.csv")
		for err == nil {
			var r starter.Row
			if r, err = table.Next(); err == nil && (r.Ref == "" || r.Text == "" && len(r.Values) == 0 && r.Account == "") {
				t.Errorf("a record of nothing: %+v", r)
			}
		}
	})
}
