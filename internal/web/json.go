package web

import (
	"bytes"
	"errors"
	"io"
	"net/http"
	"reflect"
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
	jsonv1 "github.com/go-json-experiment/json/v1"

	"lantern"
)

// MaxDepth is how deeply objects and arrays of a request may be nested.
const MaxDepth = 8

// ReadJSON reads the JSON body of r into the struct that into points to, under the
// bounds of [ReadBody] and the strictness of [Decode].
func ReadJSON(w http.ResponseWriter, r *http.Request, limit int64, into any) error {
	b, err := ReadBody(w, r, JSONMedia, limit)
	if err != nil {
		return err
	}
	return Decode(b, into)
}

// Decode reads one JSON object into the struct that into points to. It refuses, with an
// [lantern.Invalid] error whose Field is the JSON pointer of the place: malformed JSON,
// bytes after the object, invalid UTF-8, NUL characters, duplicate names, names the
// struct does not have, values of the wrong type, and nesting above [MaxDepth].
//
// The pointer never goes through a name the struct does not have, or a key of a map:
// those are the caller's words, and the complaint is then about their parent.
func Decode(b []byte, into any) error {
	// What is in order, as nearly all is, is read once; the walk is for the complaints.
	plain := isPlain(b)
	var err error
	if plain {
		if err = json.Unmarshal(b, into, json.RejectUnknownMembers(true)); err == nil {
			return nil
		}
	}
	t := reflect.TypeOf(into).Elem()
	if err := checkSyntax(b, t); err != nil {
		return err
	}
	if !plain {
		err = json.Unmarshal(b, into, json.RejectUnknownMembers(true))
	}
	if err == nil {
		return nil
	}
	var sem *json.SemanticError
	if !errors.As(err, &sem) {
		return &lantern.Error{Kind: lantern.Invalid, Reason: "malformed JSON", Fix: "send one JSON object"}
	}
	at, whole := knownPointer(t, sem.JSONPointer)
	var own *lantern.Error
	switch {
	case errors.Is(err, json.ErrUnknownName):
		fix := "send only the members the API document names"
		if names := memberNames(t); at == "" && len(names) > 0 {
			fix = "send only " + strings.Join(names, ", ")
		}
		return &lantern.Error{Kind: lantern.Invalid, Field: at, Reason: "unknown member", Fix: fix}
	case whole && errors.As(sem.Err, &own):
		return own.At(at)
	}
	return &lantern.Error{Kind: lantern.Invalid, Field: at, Reason: "wrong type or form", Fix: "the API document says what is expected here"}
}

// memberNames lists the members that an object of a struct type may have.
func memberNames(t reflect.Type) (names []string) {
	if t.Kind() != reflect.Struct {
		return nil
	}
	for _, f := range reflect.VisibleFields(t) {
		name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		if f.IsExported() && name != "" && name != "-" {
			names = append(names, name)
		}
	}
	return names
}

// DecodeText is [Decode] for records of what others wrote: halves of characters, NUL characters and bytes that are no
// UTF-8 are read as U+FFFD, so that they hide nothing else.
func DecodeText(b []byte, into any) error {
	err := Decode(b, into)
	if err == nil {
		return nil
	}
	mended := wellFormed(b)
	if mended == nil {
		return err
	}
	reflect.ValueOf(into).Elem().SetZero()
	return Decode(mended, into)
}

// wellFormed returns JSON with U+FFFD in place of escapes and bytes that stand for no character, or for NUL; nil if there are
// none.
func wellFormed(b []byte) []byte {
	const none = `\ufffd`
	out := bytes.ToValidUTF8(b, []byte("\ufffd"))
	changed := len(out) != len(b) || !bytes.Equal(out, b)
	if !changed {
		out = bytes.Clone(b)
	}
	for i := 0; i < len(out); i++ {
		if out[i] != '\\' {
			continue
		}
		switch u := escaped(out[i:]); {
		case u < 0:
			i++
		case utf16.IsSurrogate(u) && utf16.DecodeRune(u, escaped(out[i+len(none):])) != utf8.RuneError:
			i += 2*len(none) - 1
		case u == 0 || utf16.IsSurrogate(u):
			copy(out[i:], none)
			changed = true
			i += len(none) - 1
		}
	}
	if !changed {
		return nil
	}
	return out
}

// escaped returns the unit of UTF-16 that an escape stands for, -1 if none begins here.
func escaped(b []byte) rune {
	if len(b) < 6 || b[0] != '\\' || b[1] != 'u' {
		return -1
	}
	u, err := strconv.ParseUint(string(b[2:6]), 16, 16)
	if err != nil {
		return -1
	}
	return rune(u)
}

// isPlain reports whether b is an object without anything that only [checkSyntax] refuses:
// it holds no NUL and is not nested above [MaxDepth].
func isPlain(b []byte) bool {
	if b = bytes.TrimLeft(b, " \t\r\n"); len(b) == 0 || b[0] != '{' || bytes.Contains(b, []byte(`\u0000`)) {
		return false
	}
	depth, quoted := 0, false
	for i := 0; i < len(b); i++ {
		switch c := b[i]; {
		case quoted && c == '\\':
			i++
		case c == '"':
			quoted = !quoted
		case quoted:
		case c == '{' || c == '[':
			if depth++; depth > MaxDepth {
				return false
			}
		case c == '}' || c == ']':
			depth--
		}
	}
	return true
}

// checkSyntax walks the tokens of b: everything [Decode] refuses that does not depend on
// the meaning of names. t only serves the pointers of its complaints.
func checkSyntax(b []byte, t reflect.Type) error {
	dec := jsontext.NewDecoder(bytes.NewReader(b))
	bad := func(ptr jsontext.Pointer, reason, fix string) error {
		at, _ := knownPointer(t, ptr)
		return &lantern.Error{Kind: lantern.Invalid, Field: at, Reason: reason, Fix: fix}
	}
	if dec.PeekKind() != '{' {
		return bad("", "not a JSON object", "send one JSON object")
	}
	nul := bytes.Contains(b, []byte(`\u0000`)) // a raw one is malformed anyway
	for {
		tok, err := dec.ReadToken()
		switch {
		case err == io.EOF:
			return nil
		case errors.Is(err, jsontext.ErrDuplicateName):
			var syn *jsontext.SyntacticError
			errors.As(err, &syn)
			return bad(syn.JSONPointer, "a member is given twice", "give it once")
		case err != nil:
			return syntaxError(err, bad)
		case dec.StackDepth() > MaxDepth:
			return bad(dec.StackPointer(), "nested too deeply", "at most "+strconv.Itoa(MaxDepth)+" levels")
		case nul && tok.Kind() == '"' && strings.ContainsRune(tok.String(), 0):
			return bad(dec.StackPointer(), "holds a NUL character", "remove it")
		}
		if dec.StackDepth() == 0 && dec.PeekKind() != 0 {
			return bad("", "more than one JSON value", "send one JSON object and nothing after it")
		}
	}
}

func syntaxError(err error, bad func(jsontext.Pointer, string, string) error) error {
	var syn *jsontext.SyntacticError
	if !errors.As(err, &syn) {
		return err
	}
	if strings.Contains(syn.Err.Error(), "UTF-8") {
		return bad(syn.JSONPointer, "not valid UTF-8", "send UTF-8 text")
	}
	return bad(syn.JSONPointer, "malformed JSON", "send one JSON object")
}

// knownPointer returns the longest beginning of ptr that goes through fields of structs
// and indexes of slices only, and whether that is all of it.
func knownPointer(t reflect.Type, ptr jsontext.Pointer) (string, bool) {
	at := ""
	for tok := range ptr.Tokens() {
		for t.Kind() == reflect.Pointer {
			t = t.Elem()
		}
		switch t.Kind() {
		case reflect.Struct:
			f, ok := fieldNamed(t, tok)
			if !ok {
				return at, false
			}
			t = f
		case reflect.Slice, reflect.Array:
			t = t.Elem()
			if _, err := strconv.ParseUint(tok, 10, 32); err != nil || t.Kind() == reflect.Uint8 {
				return at, false // raw JSON is a slice of bytes, and what is in it is not ours
			}
		default:
			return at, false
		}
		at += "/" + tok
	}
	return at, true
}

// fieldNamed finds the type of the member called name, in embedded structs too.
func fieldNamed(t reflect.Type, name string) (reflect.Type, bool) {
	for _, f := range reflect.VisibleFields(t) {
		if tag, _, _ := strings.Cut(f.Tag.Get("json"), ","); tag == name && tag != "" {
			return f.Type, true
		}
	}
	return nil, false
}

// encode is the one way answers are written: absent slices and maps are empty and never
// null, "omitempty" means what it means to encoding/json, equal answers are equal bytes,
// and raw JSON keeps its bytes (commitments are made over them).
func encode(v any) ([]byte, error) {
	return json.Marshal(v, json.Deterministic(true), jsonv1.OmitEmptyWithLegacySemantics(true), jsontext.PreserveRawStrings(true))
}

// Encode returns the JSON form of v as [WriteJSON] writes it, a line feed at its end.
func Encode(v any) ([]byte, error) {
	b, err := encode(v)
	return append(b, '\n'), err
}

// WriteJSON answers with v. A non-empty Content-Type set before stays.
func WriteJSON(w http.ResponseWriter, status int, v any) error {
	b, err := Encode(v)
	if err != nil {
		return err
	}
	WriteBytes(w, status, JSONMedia, b)
	return nil
}

// WriteBytes answers with a body that is ready.
func WriteBytes(w http.ResponseWriter, status int, media string, body []byte) {
	w.Header().Set("Content-Type", media)
	w.Header().Set("Content-Length", strconv.Itoa(len(body)))
	w.WriteHeader(status)
	_, _ = w.Write(body) // the caller may be gone; there is nobody left to tell
}
