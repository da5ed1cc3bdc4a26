package misp_test

import (
	"errors"
	"io"
	"reflect"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"lantern"
	"lantern/internal/column"
	"lantern/internal/column/columntest"
	"lantern/internal/format/misp"
)

// readAll returns the attributes of a file.
func readAll(text string) (all []misp.Record, lost map[string]int, err error) {
	r := misp.NewReader(strings.NewReader(text), strings.NewReader(text))
	for {
		rec, err := r.Read()
		if errors.Is(err, io.EOF) {
			return all, r.Lost(), nil
		}
		if err != nil {
			return all, r.Lost(), err
		}
		all = append(all, rec)
	}
}

// What an attribute holds comes back as it was; what it does not is named.
func TestRoundTrip(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		list := rapid.SliceOfN(rapid.Custom(columntest.Signal), 0, 4).Draw(t, "signals")
		signals := rapid.Bool().Draw(t, "signals")
		var file strings.Builder
		w := misp.NewWriter(&file, signals, time.Unix(0, 0))
		var lost [][]string
		for i := range list {
			names, err := w.Write(&list[i])
			if err != nil {
				t.Fatal(err)
			}
			lost = append(lost, names)
		}
		if err := w.Flush(); err != nil {
			t.Fatal(err)
		}
		got, passed, err := readAll(file.String())
		if err != nil || len(got) != len(list) {
			t.Fatalf("%d of %d came back, %v", len(got), len(list), err)
		}
		if delete(passed, "infos of events"); len(passed) > 0 {
			t.Fatalf("lost %v", passed)
		}
		for i, rec := range got {
			if rec.Err != nil || rec.Number != i+1 {
				t.Fatalf("attribute %d: %+v", rec.Number, rec.Err)
			}
			if names := column.Missing(&list[i].Draft, &rec.Signal.Draft); !reflect.DeepEqual(names, lost[i]) {
				t.Fatalf("lost %v, said %v", names, lost[i])
			}
			if len(lost[i]) > 0 {
				t.Fatalf("an attribute should hold %v", lost[i])
			}
			if same := rec.Signal.ID == list[i].ID && rec.Signal.Member == list[i].Member; same != signals {
				t.Fatalf("owner and id came back: %v", same)
			}
		}
	})
}

// An attribute has no place for an incident, and none for a signal without a value.
func TestWhatHasNoPlace(t *testing.T) {
	t.Parallel()
	w := misp.NewWriter(io.Discard, false, time.Unix(0, 0))
	lost, err := w.Write(&lantern.Signal{Draft: lantern.Draft{Type: "url", Value: "https://files.example.com/a", Incident: 7}})
	if err != nil || !reflect.DeepEqual(lost, []string{"incident"}) {
		t.Errorf("lost %v, %v", lost, err)
	}
	if _, err := w.Write(&lantern.Signal{Draft: lantern.Draft{Type: lantern.TacticType}}); !errors.Is(err, column.ErrNoPlace) {
		t.Errorf("got %v", err)
	}
}

// attribute is one of a type and value, and more members.
func attribute(kind, value, more string) string {
	return `{"type":"` + kind + `","category":"Other","to_ids":true,"uuid":"x","timestamp":"7","value":"` + value + `"` + more + `}`
}

// The labels of an event stand behind its attributes, and hold for them.
func TestLabelsOfEvents(t *testing.T) {
	t.Parallel()
	url := attribute("url", "https://files.example.com/a", "")
	green := attribute("url", "https://files.example.com/b", `,"Tag":[{"name":"tlp:green"},{"name":"lantern:severity=\"high\""}]`)
	red := `"Tag":[{"name":"TLP:RED","colour":"#fff"},{"name":"csam"},{"name":"type:OSINT"}]`
	for name, text := range map[string]string{
		"event":            `{"Event":{"info":"i","Attribute":[` + url + `,` + green + `],"Galaxy":[],` + red + `}}`,
		"events":           `[{"Event":{"Attribute":[` + url + `],` + red + `}},{"Event":{` + red + `,"Attribute":[` + green + `]}}]`,
		"answer":           `{"response":[{"Event":{"Attribute":[` + url + `],"Object":[{"name":"o","Attribute":[` + green + `]}],` + red + `}}]}`,
		"event alone":      `{"uuid":"x","Attribute":[` + url + `,` + green + `],` + red + `}`,
		"events alone":     `[{"uuid":"x","Attribute":[` + url + `],` + red + `},{"uuid":"x","Attribute":[` + green + `],` + red + `}]`,
		"one behind other": `{"Event":{"Attribute":[` + url + `],` + red + "}}\n" + `{"Event":{"Attribute":[` + green + `],` + red + `}}`,
	} {
		got, lost, err := readAll(text)
		if err != nil || len(got) != 2 || lost["tags"] != 2 {
			t.Errorf("%s: got %+v, lost %v, %v", name, got, lost, err)
			continue
		}
		for _, rec := range got {
			if s := rec.Signal; rec.Err != nil || s.Handling != lantern.Red || !reflect.DeepEqual(s.Tags, []lantern.Tag{"csam"}) || s.Type != "url" {
				t.Errorf("%s: got %+v, %v", name, s, rec.Err)
			}
		}
		if got[1].Signal.Severity != lantern.High || got[0].Signal.Severity != "" {
			t.Errorf("%s: severities %q, %q", name, got[0].Signal.Severity, got[1].Signal.Severity)
		}
	}
	// Nothing of one event holds for the next.
	got, _, err := readAll(`[{"Event":{"Attribute":[` + url + `],` + red + `}},{"Event":{"Attribute":[` + url + `]}}]`)
	if err != nil || len(got) != 2 || got[1].Signal.Handling != "" || got[1].Signal.Tags != nil {
		t.Errorf("got %+v, %v", got, err)
	}
}

// Each type of MISP is what it means here, is counted, or is refused.
func TestTypes(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ attribute, want, lost string }{
		{attribute("email-src", "a@example.com", ""), "email a@example.com", ""},
		{attribute("filename|md5", "a.jpg|0cc175b9c0f1b6a831c399e269772661", ""), "md5 0cc175b9c0f1b6a831c399e269772661", "names of files"},
		{attribute("ip-dst|port", "192.0.2.7|443", ""), "ip 192.0.2.7", "ports"},
		{attribute("iban", "XX00", ""), "payment iban:XX00", ""},
		{attribute("text", "chatter.test/owl", `,"Tag":[{"name":"lantern:type=\"username\""}]`), "username chatter.test/owl", ""},
		{attribute("text", "velvet", ""), "", "attributes of other types"},
		{attribute("domain|ip", "a.example|192.0.2.7", ""), "", "attributes of other types"},
		{attribute("target-user", "owl", ""), "", "attributes that name a target"},
		{attribute("email-dst", "a@example.com", ""), "", "attributes that name a target"},
		{attribute("url", "https://files.example.com/a", `,"deleted":"1"`), "", "deleted attributes"},
		{attribute("url", "https://files.example.com/a", `,"deleted":false,"Galaxy":[{"a":1}]`), "url https://files.example.com/a", "galaxies"},
		{attribute("md5", "0cc175b9c0f1b6a831c399e269772661", `,"data":"aGk="`), "refused /data", ""},
		{attribute("url", "https://files.example.com/a", `,"Tag":[{"name":"tlp:secret"}]`), "refused /handling", ""},
		{attribute("url", "https://files.example.com/a", `,"first_seen":"secret"`), "refused /first_seen", ""},
		{attribute("url", "https://files.example.com/a", `,"first_seen":"2026-03-01T00:00:00.000000+00:00"`), "url https://files.example.com/a", ""},
		{`{"type":7,"value":"secret"}`, "refused ", ""},
	} {
		got, lost, err := readAll(`{"Event":{"Attribute":[` + tt.attribute + `]}}`)
		text := ""
		if len(got) == 1 {
			text = string(got[0].Signal.Type) + " " + got[0].Signal.Value
			if e := (*lantern.Error)(nil); errors.As(got[0].Err, &e) {
				text = "refused " + e.Field
				if strings.Contains(e.Error(), "secret") {
					t.Errorf("repeats a value: %v", e)
				}
			}
		}
		if err != nil || text != tt.want || len(lost) != min(1, len(tt.lost)) || tt.lost != "" && lost[tt.lost] != 1 {
			t.Errorf("%s: got %q, lost %v, %v", tt.attribute, text, lost, err)
		}
	}
}

// What is no event says where it ends, and not what it holds.
func TestNoEvent(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ name, text, want string }{
		{"torn", `{"Event":{"Attribute":[` + attribute("url", "secret", ""), "not JSON at byte"},
		{"torn between", `{"Event":{"Attribute":[`, "not JSON at byte"},
		{"text", `"secret"`, "not an event of MISP"},
		{"tags", `{"Event":{"Tag":"secret"}}`, "the tags of an event"},
		{"large", `{"Event":{"Attribute":[{"data":"` + strings.Repeat("A", 17<<20) + `"}]}}`, "larger than 16 MiB"},
	} {
		_, _, err := readAll(tt.text)
		if err == nil || errors.Is(err, io.EOF) || !strings.Contains(err.Error(), tt.want) || strings.Contains(err.Error(), "secret") {
			t.Errorf("%s: got %v, want %q", tt.name, err, tt.want)
		}
	}
}

// A table that MISP exported is read as its attributes are.
func TestRow(t *testing.T) {
	t.Parallel()
	row := map[string]string{"type": "url", "value": "https://files.example.com/a", "comment": "seen", "event_info": "secret",
		"attribute_tag": `tlp:green,lantern:policy="4, b, and c",csam`, "event_tag": "tlp:red,type:OSINT"}
	lost := map[string]int{}
	s, taken, err := misp.Row(func(name string) string { return row[name] }, func(name string) { lost[name]++ })
	want := lantern.Draft{Type: "url", Value: "https://files.example.com/a", Note: "seen", Handling: lantern.Red, Tags: []lantern.Tag{"csam"},
		Basis: lantern.Basis{Policy: "4, b, and c"}}
	if err != nil || !taken || !reflect.DeepEqual(s.Draft, want) || !reflect.DeepEqual(lost, map[string]int{"tags": 1, "infos of events": 1}) {
		t.Errorf("got %+v, %v, lost %v, %v", s.Draft, taken, lost, err)
	}
}

func FuzzRead(f *testing.F) {
	f.Add(`{"Event":{"info":"i","Attribute":[{"type":"url","value":"https://files.example.com/a","Tag":[{"name":"tlp:red"}]}],"Object":[{"Attribute":[]}],"Tag":[{"name":"lantern:tags=\"csam\""}]}}`)
	f.Add(`[{"Event":{}},{"response":{"Attribute":[{"type":"filename|md5","value":"|"}]}}]`)
	f.Fuzz(func(t *testing.T, text string) {
		r := misp.NewReader(strings.NewReader(text), strings.NewReader(text))
		for range 1000 {
			rec, err := r.Read()
			if err != nil {
				return
			}
			if rec.Err == nil && rec.Signal.Type == "" {
				t.Fatal("an attribute without a type was taken")
			}
		}
	})
}
