package threatexchange_test

import (
	"errors"
	"io"
	"reflect"
	"strings"
	"testing"
	"time"

	"lantern"
	"lantern/internal/format/threatexchange"
)

// readFile returns the descriptors of a JSON file and what is wrong with them.
func readFile(text string) (all []lantern.Signal, errs []error, end error) {
	r := threatexchange.NewFileReader(strings.NewReader(text), time.Unix(1_700_000_000, 0))
	for {
		s, _, err, end := r.Read()
		if end != nil {
			return all, errs, end
		}
		all, errs = append(all, s), append(errs, err)
	}
}

// The same descriptor is read from each shape that files have, in either names.
func TestFiles(t *testing.T) {
	t.Parallel()
	api := `{"id":"1","type":"URI","raw_indicator":"https://files.example.com/a","owner":{"id":"77","name":"x"},"description":"4.2","status":"MALICIOUS",` +
		`"review_status":"REVIEWED_MANUALLY","severity":"SEVERE","share_level":"AMBER","confidence":80,"tags":{"data":[{"id":"5","text":"csam"},{"id":"6","text":"self_generated"}]}}`
	page := `{"td_indicator_type":"URI","td_raw_indicator":"https://files.example.com/a","td_owner_id":"77","td_description":"4.2","td_status":"MALICIOUS",` +
		`"td_review_status":"REVIEWED_MANUALLY","td_severity":"SEVERE","td_share_level":"AMBER","td_confidence":"80","td_subjective_tags":["csam","self_generated"]}`
	want := lantern.Signal{Member: 77, Draft: lantern.Draft{Type: "url", Value: "https://files.example.com/a", Status: lantern.Violating, Severity: lantern.High,
		Handling: lantern.AmberStrict, Confidence: 80, Tags: []lantern.Tag{"csam", "self-generated"}, Basis: lantern.Basis{Policy: "4.2", ReviewedBy: lantern.ByHuman}}}
	for name, text := range map[string]string{
		"list": "[" + api + "," + page + "]", "answer": `{"paging":{"cursors":{}},"data":[` + api + "," + page + `],"more":[{"a":1}]}`,
	} {
		got, errs, end := readFile(text)
		if !errors.Is(end, io.EOF) || !reflect.DeepEqual(got, []lantern.Signal{want, want}) {
			t.Errorf("%s: got %+v, %v, %v", name, got, errs, end)
		}
	}
}

// A descriptor that cannot be taken says why in the words of the file, and one that cannot be
// read at all ends the reading.
func TestBadFiles(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ text, want string }{
		{`{"td_indicator_type":"PAYLOAD_DATA","td_raw_indicator":"secret"}`, "td_indicator_type"},
		{`{"td_indicator_type":"DOMAIN","td_raw_indicator":"secret","td_share_level":"WHITE"}`, "td_share_level"},
		{`{"td_indicator_type":"DOMAIN","td_raw_indicator":"secret","td_expire_time":"1600000000"}`, "td_expire_time"},
		{`{"td_indicator_type":"DOMAIN","td_raw_indicator":"secret","td_owner_id":"secret"}`, "td_owner_id"},
	} {
		_, errs, end := readFile("[" + tt.text + "]")
		var e *lantern.Error
		if !errors.Is(end, io.EOF) || len(errs) != 1 || !errors.As(errs[0], &e) || e.Field != tt.want || strings.Contains(e.Error(), "secret") {
			t.Errorf("%s: got %v, %v", tt.text, errs, end)
		}
	}
	for _, text := range []string{"", `[{"td_status":"secret"`, `{"data":[`, `[{"a":"` + strings.Repeat("x", 3<<20) + `"}]`} {
		if _, _, end := readFile(text); errors.Is(end, io.EOF) || lantern.KindOf(end) == "" || strings.Contains(end.Error(), "secret") {
			t.Errorf("%.20q: got %v", text, end)
		}
	}
}

func FuzzFile(f *testing.F) {
	f.Add(`{"data":[{"type":"URI","indicator":{"indicator":"x"},"tags":{"data":[{"text":"csam"}]}}]}`)
	f.Add(`[{"td_indicator_type":"DEBUG_STRING","td_subjective_tags":"signal_type:username;csam","td_expire_time":"-3hours"}]`)
	f.Fuzz(func(_ *testing.T, text string) {
		r := threatexchange.NewFileReader(strings.NewReader(text), time.Unix(1_700_000_000, 0))
		for range 1000 {
			if _, _, _, end := r.Read(); end != nil {
				return
			}
		}
	})
}
