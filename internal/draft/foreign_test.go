package draft_test

import (
	stdcsv "encoding/csv"
	"errors"
	"fmt"
	"io"
	"reflect"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"lantern"
	"lantern/internal/column"
	"lantern/internal/column/columntest"
	"lantern/internal/draft"
)

// Whatever a signal says, a format writes it so that all but what it reports as lost comes back
// as it was, and no cell of a table is one that a spreadsheet computes.
func TestFormatsSayWhatTheyLose(t *testing.T) {
	t.Parallel()
	for _, format := range []draft.Format{draft.CSV, draft.NDJSON, draft.MISP, draft.NCMEC, draft.STIX, draft.ThreatExchange} {
		t.Run(string(format), func(t *testing.T) {
			t.Parallel()
			rapid.Check(t, func(t *rapid.T) {
				s := columntest.Signal(t)
				signals := format != draft.NCMEC && rapid.Bool().Draw(t, "signals")
				var file strings.Builder
				w, err := draft.NewWriter(&file, format, signals, now, "")
				if err := errors.Join(err, w.Add(s), w.Flush()); err != nil {
					t.Fatal(err)
				}
				r, err := draft.NewReader(strings.NewReader(file.String()), draft.Options{Now: now})
				if err != nil {
					t.Fatal(err)
				}
				row, err := r.Read()
				if w.NoPlace[s.Type] > 0 {
					if !errors.Is(err, io.EOF) {
						t.Fatalf("what has no place was written: %v", err)
					}
					return
				}
				if err != nil {
					t.Fatal(err)
				}
				names := column.Missing(&s.Draft, &row.Signal.Draft)
				for name := range w.Lost {
					if !slices.Contains(names, name) {
						t.Fatalf("%s is said to be lost, and is not", name)
					}
				}
				if len(names) != len(w.Lost) {
					t.Fatalf("lost %v, said %v", names, w.Lost)
				}
				if owned := row.Signal.Member == s.Member; row.Err == nil && owned != signals {
					t.Fatalf("the owner came back: %v", owned)
				}
				if format != draft.CSV && format != draft.ThreatExchange {
					return
				}
				for _, cell := range cells(t, file.String()) {
					if cell != "" && strings.ContainsRune("=+-@\t\r\n＝＋－＠", []rune(cell)[0]) {
						t.Fatal("a cell that a spreadsheet computes")
					}
				}
			})
		})
	}
}

// Where only Lantern's own words are taken, nothing is passed over that somebody would miss.
func TestOwnWordsOnly(t *testing.T) {
	t.Parallel()
	for name, text := range map[string]string{
		"event":       `{"Event":{"Attribute":[{"type":"comment","value":"x"}]}}`,
		"attributes":  "event_id,category,type,value,to_ids\n7,Other,comment,x,0\n",
		"descriptors": "td_raw_indicator,td_indicator_type\nx,DOMAIN\n",
		"hash list":   "<?xml version=\"1.0\"?><queryResult/>\n",
	} {
		r, err := draft.NewReader(strings.NewReader(text), draft.Options{Own: true})
		if err == nil {
			var row draft.Row
			if row, err = r.Read(); err == nil {
				err = row.Err
			}
		}
		if lantern.KindOf(err) != lantern.Invalid {
			t.Errorf("%s: got %v", name, err)
		}
	}
}

// A table of descriptors is known by its heading, and so is JSON of them.
func TestDescriptors(t *testing.T) {
	t.Parallel()
	want := lantern.Draft{Type: "username", Value: "chatter.test/owl", Status: lantern.Lead, Tags: []lantern.Tag{"csam"}, Basis: lantern.Basis{Policy: "=4.2", ReviewedBy: lantern.ByHuman}}
	for name, text := range map[string]string{
		"table": "td_raw_indicator,td_indicator_type,td_subjective_tags,td_description,td_status,td_review_status,td_privacy_groups\n" +
			"chatter.test/owl,DEBUG_STRING,signal_type:username;csam,'=4.2,SUSPICIOUS,REVIEWED_MANUALLY,7\n",
		"answer": `{"data":[{"raw_indicator":"chatter.test/owl","type":"DEBUG_STRING","tags":{"data":[{"text":"signal_type:username"},{"text":"csam"}]},` +
			`"description":"=4.2","status":"SUSPICIOUS","review_status":"REVIEWED_MANUALLY","privacy_groups":["7"]}]}`,
		"list": `[{"td_raw_indicator":"chatter.test/owl","td_indicator_type":"DEBUG_STRING","td_subjective_tags":"signal_type:username;csam",` +
			`"td_description":"=4.2","td_status":"SUSPICIOUS","td_review_status":"REVIEWED_MANUALLY","td_privacy_groups":"7"}]`,
	} {
		// That rows without a type are given one does not make a list of values of it.
		r, err := draft.NewReader(strings.NewReader(text), draft.Options{Now: now, Type: "phrase"})
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		row, err := r.Read()
		if err != nil || row.Err != nil || !reflect.DeepEqual(row.Signal.Draft, want) || row.Line == 0 || r.Lost()["audiences"] != 1 {
			t.Errorf("%s: got %+v, lost %v, %v", name, row, r.Lost(), err)
		}
	}
}

// Of a row whose kind is never taken nothing else is read, so nothing else is complained about.
func TestOneComplaintOfWhatIsNeverTaken(t *testing.T) {
	t.Parallel()
	text := "td_raw_indicator,td_indicator_type,td_subjective_tags,td_description,td_status,td_review_status\n" +
		"anything,PAYLOAD_DATA,csam,4.2,SUSPICIOUS,REVIEWED_MANUALLY\nexample.com/a,URI,csam,,SUSPICIOUS,REVIEWED_MANUALLY\n"
	in, err := draft.NewReader(strings.NewReader(text), draft.Options{Now: now})
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	s := draft.Sharing{From: in, Rules: rules(), Flush: func() error { return nil }, Done: func(row draft.Row, _ lantern.ShareResult) error {
		var e *lantern.Error
		if !errors.As(row.Err, &e) {
			t.Fatalf("line %d: %v, want it refused", row.Line, row.Err)
		}
		for _, e := range append([]*lantern.Error{e}, e.Also...) {
			got = append(got, fmt.Sprintf("%d %s", row.Line, e.Field))
		}
		return nil
	}}
	if err := s.Run(t.Context()); err != nil {
		t.Fatal(err)
	}
	if want := []string{"2 td_indicator_type", "3 /programs", "3 /basis/policy"}; !slices.Equal(got, want) {
		t.Errorf("complaints: %q, want %q", got, want)
	}
}

// A file that is taken up begins with the line that was done last: its row may be several.
func TestFrom(t *testing.T) {
	t.Parallel()
	wide := "md5,sha1\n0cc175b9c0f1b6a831c399e269772661,86f7e437faa5a7fce15d1ddcb9eaeaea377667b8\n92eb5ffee6ae2fec3ad71c777531578f,e9d71f5ee7c92d6dc9e92ffdad17b8bd49418f98\n"
	for from, want := range map[int]int{0: 4, 2: 4, 3: 2, 4: 0} {
		r, err := draft.NewReader(strings.NewReader(wide), draft.Options{From: from})
		if err != nil {
			t.Fatal(err)
		}
		n := 0
		for ; err == nil; n++ {
			_, err = r.Read()
		}
		if n-1 != want || !errors.Is(err, io.EOF) {
			t.Errorf("from %d: %d rows, %v", from, n-1, err)
		}
	}
}

// A file on its way to one program places nothing in another.
func TestWithin(t *testing.T) {
	t.Parallel()
	for programs, refused := range map[string]bool{`["12"]`: false, `["12","13"]`: false, `["13"]`: true} {
		r := rules()
		r.Me.Programs = append(r.Me.Programs, lantern.Program{ID: 13, Policy: r.Me.Programs[0].Policy})
		r.Within = 12
		in, err := draft.NewReader(strings.NewReader(strings.Replace(good, `["12"]`, programs, 1)), draft.Options{})
		if err != nil {
			t.Fatal(err)
		}
		row, err := in.Read()
		if err != nil {
			t.Fatal(err)
		}
		if _, err := r.Check(&row.Signal); (err != nil) != refused {
			t.Errorf("%s: %v", programs, err)
		}
	}
}

// cells returns every cell of a table as a spreadsheet reads it.
func cells(t *rapid.T, text string) (all []string) {
	rows, err := stdcsv.NewReader(strings.NewReader(text)).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	for _, row := range rows {
		all = append(all, row...)
	}
	return all
}
