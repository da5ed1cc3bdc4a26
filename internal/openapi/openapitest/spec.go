// Package openapitest reads an OpenAPI document as an outsider would, and holds real answers
// to it: every member stands in the document, every word of a closed set is listed.
package openapitest

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/klauspost/compress/zstd"
)

// Spec is a document that was read.
type Spec struct {
	Doc        map[string]any
	Operations []Operation
}

// Operation is one call of it.
type Operation struct {
	ID, Method, Path string
	Params           map[string]bool
	Body             map[string]any            // schema of the request; nil: none
	Answers          map[string]map[string]any // by status: the content by media type
}

// Load reads what a Document function returned.
func Load(t *testing.T, b []byte, err error) *Spec {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	s := &Spec{}
	if err := json.Unmarshal(b, &s.Doc); err != nil {
		t.Fatal(err)
	}
	for path, item := range s.Doc["paths"].(map[string]any) {
		for method, raw := range item.(map[string]any) {
			o := raw.(map[string]any)
			op := Operation{ID: o["operationId"].(string), Method: strings.ToUpper(method), Path: path, Params: map[string]bool{}, Answers: map[string]map[string]any{}}
			params, _ := o["parameters"].([]any)
			for _, p := range params {
				op.Params[p.(map[string]any)["name"].(string)] = true
			}
			if body, ok := o["requestBody"].(map[string]any); ok {
				for _, content := range body["content"].(map[string]any) {
					op.Body = content.(map[string]any)["schema"].(map[string]any)
				}
			}
			for status, r := range o["responses"].(map[string]any) {
				content, _ := r.(map[string]any)["content"].(map[string]any)
				op.Answers[status] = content
			}
			s.Operations = append(s.Operations, op)
		}
	}
	return s
}

// Golden holds a document to the file that keeps it, which update rewrites: a change of it must be
// meant.
func Golden(t *testing.T, doc []byte, err error, update bool) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	var got bytes.Buffer
	if err := json.Indent(&got, doc, "", " "); err != nil {
		t.Fatal(err)
	}
	golden := filepath.Join("testdata", "openapi.json")
	if update {
		if err := os.WriteFile(golden, got.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got.Bytes(), want) {
		t.Error("the document changed: look at the change, then run go test -run Golden -update in this folder")
	}
}

// Methods complains of operations that a client has no method for, under the same name, and of
// methods that are no operation. without are operations a client has no use for, added is
// what it adds.
func (s *Spec) Methods(t *testing.T, client reflect.Type, without, added []string) {
	t.Helper()
	names := map[string]bool{}
	for _, op := range s.Operations {
		names[op.ID] = true
		if _, ok := client.MethodByName(op.ID); !ok && !slices.Contains(without, op.ID) {
			t.Errorf("the client lacks %s", op.ID)
		}
	}
	for i := range client.NumMethod() {
		if name := client.Method(i).Name; !names[name] && !slices.Contains(added, name) {
			t.Errorf("the client's %s is no operation", name)
		}
	}
}

// Find returns the operation that a request belongs to.
func (s *Spec) Find(method, path string) (Operation, bool) {
	var found Operation
	for _, op := range s.Operations {
		// Of several, the one with the fewest parameters: /v1/signals/batch is no id.
		if op.Method == method && pathMatches(op.Path, path) && (found.ID == "" || strings.Count(op.Path, "{") < strings.Count(found.Path, "{")) {
			found = op
		}
	}
	return found, found.ID != ""
}

func pathMatches(pattern, path string) bool {
	if before, ok := strings.CutSuffix(pattern, "{path}"); ok {
		return strings.HasPrefix(path, before)
	}
	want, got := strings.Split(pattern, "/"), strings.Split(path, "/")
	if len(want) != len(got) {
		return false
	}
	for i := range want {
		if want[i] != got[i] && !strings.HasPrefix(want[i], "{") {
			return false
		}
	}
	return true
}

// Resolve follows a reference; it returns nil if it leads nowhere.
func (s *Spec) Resolve(schema map[string]any) map[string]any {
	ref, ok := schema["$ref"].(string)
	if !ok {
		return schema
	}
	components := s.Doc["components"].(map[string]any)["schemas"].(map[string]any)
	found, _ := components[strings.TrimPrefix(ref, "#/components/schemas/")].(map[string]any)
	return found
}

// Check holds a value to a schema. Answers may not have members the schema lacks: the
// document is complete.
func (s *Spec) Check(at string, schema map[string]any, v any) error {
	schema = s.Resolve(schema)
	want, _ := schema["type"].(string)
	wrong := fmt.Errorf("%s: a %T is no %s", at, v, want)
	switch v := v.(type) {
	case map[string]any:
		if want == "" {
			return nil
		}
		if want != "object" {
			return wrong
		}
		return s.checkObject(at, schema, v)
	case []any:
		if want != "array" {
			return wrong
		}
		for i, e := range v {
			if err := s.Check(fmt.Sprintf("%s/%d", at, i), schema["items"].(map[string]any), e); err != nil {
				return err
			}
		}
	case string:
		if want != "string" && want != "" {
			return wrong
		}
		if set, ok := schema["enum"].([]any); ok && !slices.Contains(set, any(v)) {
			return fmt.Errorf("%s: %q is not in the closed set", at, v)
		}
		if schema["format"] == "date-time" {
			if _, err := time.Parse(time.RFC3339Nano, v); err != nil {
				return fmt.Errorf("%s: not a time", at)
			}
		}
	case bool:
		if want != "boolean" {
			return wrong
		}
	case float64:
		if want != "integer" || v != float64(int64(v)) {
			return wrong
		}
	case nil:
		return fmt.Errorf("%s: null", at)
	}
	return nil
}

func (s *Spec) checkObject(at string, schema, v map[string]any) error {
	if each, ok := schema["additionalProperties"].(map[string]any); ok {
		for _, e := range v {
			if err := s.Check(at+"/*", each, e); err != nil {
				return err
			}
		}
		return nil
	}
	properties := schema["properties"].(map[string]any)
	for name, e := range v {
		p, ok := properties[name].(map[string]any)
		if !ok {
			return fmt.Errorf("%s: the member %q is not in the document", at, name)
		}
		if err := s.Check(at+"/"+name, p, e); err != nil {
			return err
		}
	}
	for _, name := range schema["required"].([]any) {
		if _, ok := v[name.(string)]; !ok {
			return fmt.Errorf("%s: the member %q is missing", at, name)
		}
	}
	return nil
}

// Sound reports what generators would not take: a reference that leads nowhere, a path
// parameter that is not declared, an operation without an id of its own.
func (s *Spec) Sound(t *testing.T) {
	t.Helper()
	ids := map[string]bool{}
	for _, op := range s.Operations {
		if ids[op.ID] || op.ID == "" {
			t.Errorf("the id %q is missing or taken", op.ID)
		}
		ids[op.ID] = true
		for _, part := range strings.Split(op.Path, "/") {
			if name, ok := strings.CutPrefix(part, "{"); ok && !op.Params[strings.TrimSuffix(name, "}")] {
				t.Errorf("%s: the parameter %s is not declared", op.ID, part)
			}
		}
	}
	var walk func(at string, v any)
	walk = func(at string, v any) {
		switch v := v.(type) {
		case map[string]any:
			if ref, ok := v["$ref"].(string); ok && s.Resolve(v) == nil {
				t.Errorf("%s: %s leads nowhere", at, ref)
			}
			for k, e := range v {
				walk(at+"/"+k, e)
			}
		case []any:
			for _, e := range v {
				walk(at+"/…", e)
			}
		}
	}
	walk("", s.Doc)
}

// CheckAnswer holds an answer to the document, and says which operation and status it was.
func (s *Spec) CheckAnswer(r *http.Request, res *http.Response, body []byte) (seen string, err error) {
	op, ok := s.Find(r.Method, r.URL.Path)
	if !ok {
		if res.StatusCode == http.StatusNotFound || res.StatusCode == http.StatusMethodNotAllowed {
			return "", nil
		}
		return "", fmt.Errorf("status %d on a path the document lacks", res.StatusCode)
	}
	status := strconv.Itoa(res.StatusCode)
	seen = op.ID + " " + status
	content, ok := op.Answers[status]
	if !ok {
		return seen, fmt.Errorf("%s answered %s, which the document lacks", op.ID, status)
	}
	if content == nil {
		if len(body) > 0 {
			return seen, fmt.Errorf("%s has a body", seen)
		}
		return seen, nil
	}
	media, _, _ := strings.Cut(res.Header.Get("Content-Type"), ";")
	described, ok := content[media].(map[string]any)
	if !ok {
		return seen, fmt.Errorf("%s is %s, which the document lacks", seen, media)
	}
	schema := described["schema"].(map[string]any)
	if strings.HasSuffix(media, "ndjson") {
		return seen, s.checkLines(op.ID, res, body, schema)
	}
	if !strings.HasSuffix(media, "json") || op.ID == "Document" {
		return seen, nil
	}
	var v any
	if err := json.Unmarshal(body, &v); err != nil {
		return seen, fmt.Errorf("%s is not JSON", seen)
	}
	return seen, s.Check(seen, schema, v)
}

// checkLines holds each line of an answer to the document.
func (s *Spec) checkLines(op string, res *http.Response, body []byte, schema map[string]any) error {
	if res.Header.Get("Content-Encoding") == "zstd" {
		unpacked, err := zstd.NewReader(bytes.NewReader(body))
		if err != nil {
			return err
		}
		defer unpacked.Close()
		if body, err = io.ReadAll(unpacked); err != nil {
			return err
		}
	}
	for line := range bytes.Lines(body) {
		var v any
		if err := json.Unmarshal(line, &v); err != nil {
			return fmt.Errorf("a line of %s is not JSON", op)
		}
		form := schema
		if either, ok := schema["oneOf"].([]any); ok { // a change or a mark: the second if it may be
			form = either[1].(map[string]any)
			for _, name := range s.Resolve(form)["required"].([]any) {
				if _, has := v.(map[string]any)[name.(string)]; !has {
					form = either[0].(map[string]any)
				}
			}
		}
		if err := s.Check(op, form, v); err != nil {
			return err
		}
	}
	return nil
}
