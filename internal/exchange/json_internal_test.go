package exchange

import (
	"encoding/json"
	"reflect"
	"testing"
	"time"

	"pgregory.net/rapid"

	"lantern"
)

// TestEncodedByHand holds what is put together by hand to what encoding/json makes of it,
// for values of every field: a field that is added and forgotten here shows.
func TestEncodedByHand(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(r *rapid.T) {
		var d lantern.Draft
		fill(r, reflect.ValueOf(&d).Elem())
		d.Tags = append(d.Tags, "csam")
		got, err := encodeOpinion(d)
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
		text, err := f.encode()
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
