package exchange

import (
	"bytes"
	"crypto/rand"
	"encoding/json"
	"reflect"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"lantern"
	"lantern/internal/policy"
	"lantern/internal/seal"
)

// TestEncodedByHand holds what is put together by hand to what encoding/json makes of it,
// for values of every field: a field that is added and forgotten here shows.
func TestEncodedByHand(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(r *rapid.T) {
		var d lantern.Draft
		fill(r, reflect.ValueOf(&d).Elem())
		d.Tags = append(d.Tags, "csam")
		got, err := encodeOpinion(&d)
		if err != nil {
			r.Fatal(err)
		}
		d.Value, d.Note, d.Programs, d.Links, d.Expires = "", "", nil, nil, time.Time{}
		d.Incident, d.Tactic = 0, nil
		if want, err := json.Marshal(d); err != nil || got != string(want) {
			r.Fatalf("an opinion:\n%s\nwant\n%s %v", got, want, err)
		}

		var f facts
		fill(r, reflect.ValueOf(&f).Elem())
		text, err := f.encode(nil)
		if want, _ := json.Marshal(f); err != nil || string(text) != string(want) {
			r.Fatalf("facts:\n%s\nwant\n%s %v", text, want, err)
		}
	})
}

// fill gives every field of a struct a value, or leaves it zero.
func fill(r *rapid.T, v reflect.Value) {
	if !rapid.Bool().Draw(r, "filled") {
		return
	}
	if _, ok := v.Interface().(time.Time); ok {
		v.Set(reflect.ValueOf(time.UnixMicro(rapid.Int64Range(0, 4e15).Draw(r, "time")).UTC()))
		return
	}
	switch v.Kind() {
	case reflect.Struct:
		for i := range v.NumField() {
			fill(r, v.Field(i))
		}
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		fill(r, v.Elem())
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), rapid.IntRange(1, 3).Draw(r, "length"), 3))
		for i := range v.Len() {
			fill(r, v.Index(i))
		}
	case reflect.String:
		v.SetString(rapid.OneOf(rapid.StringMatching(`[a-z-]{1,9}`), rapid.String()).Draw(r, "text"))
	case reflect.Int, reflect.Int64:
		v.SetInt(rapid.Int64Range(0, 1<<53).Draw(r, "number"))
	case reflect.Bool:
		v.SetBool(true)
	}
}

// TestSameOpinion changes each field of a draft: the opinion is told apart, or it is encoded to
// the same bytes.
func TestSameOpinion(t *testing.T) {
	t.Parallel()
	told := 0
	rapid.Check(t, func(r *rapid.T) {
		var a, b lantern.Draft
		fill(r, reflect.ValueOf(&a).Elem())
		fill(r, reflect.ValueOf(&b).Elem())
		first, err := encodeOpinion(&a)
		if err != nil {
			r.Fatal(err)
		}
		for field := range reflect.TypeFor[lantern.Draft]().NumField() {
			mixed := a
			reflect.ValueOf(&mixed).Elem().Field(field).Set(reflect.ValueOf(b).Field(field))
			second, err := encodeOpinion(&mixed)
			if err != nil {
				r.Fatal(err)
			}
			if sameOpinion(&a, &mixed) && first != second {
				r.Fatalf("taken for the same:\n%s\n%s", first, second)
			}
			if first != second {
				told++
			}
		}
	})
	if told == 0 {
		t.Error("no two opinions differed")
	}
}

// TestDeskSharesNothingElse prepares drafts that follow each other in one batch, alike and not,
// and holds their rows to those of a batch of their own.
func TestDeskSharesNothingElse(t *testing.T) {
	t.Parallel()
	x := &Exchange{Config: Config{Sealer: seal.New(seal.NewLocalKEK([32]byte{1})), Random: rand.Reader}}
	x.ids.renew(1)
	by := policy.Actor{Member: 1}
	rapid.Check(t, func(r *rapid.T) {
		desk := x.newDesk(3)
		for range rapid.IntRange(1, 8).Draw(r, "drafts") {
			pick := func(name string, words ...string) string { return rapid.SampledFrom(words).Draw(r, name) }
			d := lantern.Draft{Programs: []lantern.ID{1, 2}[:rapid.IntRange(1, 2).Draw(r, "programs")], Type: lantern.SignalType(pick("type", "email", "username")),
				Value: pick("value", "someone@example.com", "night.owl@example.com"), Tags: []lantern.Tag{lantern.Tag(pick("tag", "csam", "trade"))},
				Note: pick("note", "", "seen in an album", "seen twice"), Basis: lantern.Basis{Policy: "child safety 2.1", ReviewedBy: lantern.ByHuman}}
			if d.Type == "username" {
				d.Value = "chatter:" + d.Value[:5]
			}
			again := d
			got, err := x.prepare(t.Context(), by, &d, desk)
			if err != nil {
				r.Fatal(err)
			}
			want, err := x.prepare(t.Context(), by, &again, x.newDesk(1))
			if err != nil {
				r.Fatal(err)
			}
			if got.row.Opinion != want.row.Opinion || !bytes.Equal(got.row.Key, want.row.Key) || !bytes.Equal(got.row.Content, want.row.Content) ||
				!bytes.Equal(got.person, want.person) || !slices.Equal(got.values, want.values) {
				r.Fatal("a draft is prepared otherwise among others")
			}
			var s lantern.Signal
			if err := x.unseal(t.Context(), got.row, &s); err != nil || s.Value != want.draft.Value || s.Note != d.Note {
				r.Fatalf("does not unseal to what was shared: %v", err)
			}
		}
	})
}
