package draft

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"math"
	"slices"

	"github.com/go-json-experiment/json/jsontext"

	"lantern"
	"lantern/internal/format/csv"
)

// Format is a form that files of signals have.
type Format string

// The formats.
const (
	CSV    Format = "csv"    // a table with a heading
	NDJSON Format = "ndjson" // an object a line, as the API takes it
	List   Format = "list"   // a value a line, all of one type
	MISP   Format = "misp"   // events of MISP, as JSON
	NCMEC  Format = "ncmec"  // hash lists of NCMEC, as XML
	STIX   Format = "stix"   // bundles of STIX 2.1, as JSON

	// ThreatExchange is descriptors: read as JSON, and as tables by the preset [Descriptors];
	// written as such a table.
	ThreatExchange Format = "threatexchange"
)

// detect tells the format of a text from how it begins.
func detect(in *bufio.Reader, o Options) (Format, error) {
	head := start(in)
	list := bytes.HasPrefix(head, []byte("["))
	if list {
		head = bytes.TrimLeft(head[1:], " \t\r\n")
	}
	if bytes.HasPrefix(head, []byte("{")) && !o.Own {
		for _, name := range names(head) {
			switch name {
			case "Event", "response", "Attribute":
				return MISP, nil
			case "objects":
				return STIX, nil
			case "td_raw_indicator", "raw_indicator":
				if list {
					return ThreatExchange, nil
				}
			case "data":
				return ThreatExchange, nil
			}
		}
	}
	switch {
	case !o.Own && (bytes.HasPrefix(head, []byte("<?xml")) || bytes.HasPrefix(head, []byte("<queryResult"))):
		return NCMEC, nil
	case list:
		return "", notText("a JSON array", "put one object on each line: jq -c '.[]' does it")
	case bytes.HasPrefix(head, []byte("{")):
		return NDJSON, nil
	case o.Type == "" || o.Preset != "" || csv.Heading(head, o.Map):
		return CSV, nil
	}
	names := csv.Names(head)
	if slices.ContainsFunc(presets(o.Now), func(p preset) bool { return p.fits(names) }) {
		return CSV, nil
	}
	return List, nil
}

// names lists the members of the JSON object that a text begins with, as far as they can be
// seen.
func names(head []byte) (list []string) {
	in := jsontext.NewDecoder(bytes.NewReader(head), jsontext.AllowDuplicateNames(true))
	if _, err := in.ReadToken(); err != nil {
		return nil
	}
	for {
		name, err := in.ReadToken()
		if err != nil || name.Kind() != '"' {
			return list
		}
		list = append(list, name.String())
		if in.SkipValue() != nil {
			return list
		}
	}
}

// maxPiped is how large a file may be, unless [Options] say otherwise, that must be read twice and
// comes through a pipe: so much of it is held in memory.
const maxPiped = 64 << 20

// twice returns a second reader of a text whose first reader is in, or, of a file that cannot be
// read twice, two of what it holds.
func twice(file io.Reader, in *bufio.Reader, most int64) (first, second io.Reader, err error) {
	if at, ok := file.(io.ReaderAt); ok {
		second, err = textOf(io.NewSectionReader(at, 0, math.MaxInt64))
		return in, second, err
	}
	if most == 0 {
		most = maxPiped
	}
	whole, err := io.ReadAll(io.LimitReader(in, most+1))
	if err == nil && int64(len(whole)) > most {
		err = &lantern.Error{Kind: lantern.TooLarge, Reason: fmt.Sprintf("more than %d MiB through a pipe, of a format that must be read twice", most>>20),
			Fix: "give the name of the file to lantern import, which can read it twice"}
	}
	return bytes.NewReader(whole), bytes.NewReader(whole), err
}
