package display

import (
	"bytes"
	"strings"
	"testing"
	"time"
)

type thing struct {
	Name string    `json:"name"`
	At   time.Time `json:"at"`
}

func thingCols() []Column[thing] {
	return []Column[thing]{
		Col("name", func(v thing) string { return v.Name }),
		Col("at", func(v thing) string { return Stamp(v.At) }),
	}
}

func TestShowAll(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 3, 1, 13, 0, 0, 0, time.FixedZone("", 3600))
	all := []thing{{"=sum", at}, {"日本", time.Time{}}, {"<a>\x1b[0m", at}}
	for _, tt := range []struct {
		name, format string
		things       []thing
		want         string
	}{
		{"table", Table, all, "NAME          AT\n=sum          2026-03-01T12:00:00Z\n日本\n<a>\\u001b[0m  2026-03-01T12:00:00Z\n"},
		{"csv", CSV, all, "name,at\n'=sum,2026-03-01T12:00:00Z\n日本,\n<a>\\u001b[0m,2026-03-01T12:00:00Z\n"},
		{"ndjson", NDJSON, all[2:], `{"name":"<a>\u001b[0m","at":"2026-03-01T13:00:00+01:00"}` + "\n"},
		{"json", JSON, all[1:2], "[\n  {\"name\":\"日本\",\"at\":\"0001-01-01T00:00:00Z\"}\n]\n"},
		{"no rows as table", Table, nil, ""},
		{"no rows as csv", CSV, nil, "name,at\n"},
		{"no rows as json", JSON, nil, "[]\n"},
		{"no rows as ndjson", NDJSON, nil, ""},
	} {
		var b bytes.Buffer
		if err := All(&Printer{w: &b, Format: tt.format}, tt.things, thingCols()...); err != nil {
			t.Errorf("%s: %v", tt.name, err)
		}
		if b.String() != tt.want {
			t.Errorf("%s: got\n%s\nwant\n%s", tt.name, b.String(), tt.want)
		}
	}
}

func TestTerminal(t *testing.T) {
	t.Parallel()
	env := map[string]string{"TERM": "xterm"}
	lookup := func(k string) (string, bool) { v, ok := env[k]; return v, ok }
	var b bytes.Buffer
	long := thing{Name: strings.Repeat("x", 80)}
	if err := All(NewPrinter(&b, "", true, lookup), []thing{long}, thingCols()...); err != nil {
		t.Fatal(err)
	}
	if got := b.String(); !strings.HasPrefix(got, "\x1b[1mNAME") || !strings.HasSuffix(got, strings.Repeat("x", 59)+"…\n") {
		t.Errorf("on a terminal: got %q", got)
	}
	b.Reset()
	env["NO_COLOR"] = ""
	if err := All(NewPrinter(&b, "", true, lookup), []thing{long}, thingCols()...); err != nil {
		t.Fatal(err)
	}
	if got := b.String(); strings.Contains(got, "\x1b") {
		t.Errorf("with NO_COLOR: got %q", got)
	}
}

// A listing that follows something keeps its columns aligned from batch to batch.
func TestFlush(t *testing.T) {
	t.Parallel()
	var b bytes.Buffer
	l := List(&Printer{w: &b, Format: Table}, thingCols()...)
	for _, name := range []string{"wide name", "b"} {
		if err := l.Add(thing{Name: name, At: time.Unix(0, 0)}); err != nil {
			t.Fatal(err)
		}
		if err := l.Flush(); err != nil {
			t.Fatal(err)
		}
	}
	want := "NAME       AT\nwide name  1970-01-01T00:00:00Z\nb          1970-01-01T00:00:00Z\n"
	if b.String() != want {
		t.Errorf("got\n%swant\n%s", b.String(), want)
	}
}
