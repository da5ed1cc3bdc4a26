package draft

import (
	"bufio"
	"bytes"

	"lantern/internal/format/csv"
)

// Format is a form that files of signals have.
type Format string

// The formats.
const (
	CSV    Format = "csv"    // a table with a heading
	NDJSON Format = "ndjson" // an object a line, as the API takes it
	List   Format = "list"   // a value a line, all of one type
)

// detect tells the format of a text from how it begins.
func detect(in *bufio.Reader, o Options) (Format, error) {
	head := start(in)
	switch {
	case bytes.HasPrefix(head, []byte("{")):
		return NDJSON, nil
	case bytes.HasPrefix(head, []byte("[")):
		return "", notText("a JSON array", "put one object on each line: jq -c '.[]' does it")
	case o.Type != "" && !csv.Heading(head, o.Map):
		return List, nil
	}
	return CSV, nil
}
