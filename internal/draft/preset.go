package draft

import (
	"bufio"
	"slices"
	"time"

	"lantern"
	"lantern/internal/format/csv"
	"lantern/internal/format/misp"
	"lantern/internal/format/threatexchange"
)

// Preset is a table in somebody else's words, as a tool of theirs writes it.
type Preset string

// The presets.
const (
	MISPTable   Preset = "misp"           // attributes, as MISP exports them
	Descriptors Preset = "threatexchange" // descriptors, with headings that begin with td_
)

// preset says by which headings a table is known, and how its rows are read.
type preset struct {
	name     Preset
	headings []string
	row      func(get func(string) string, lost func(string)) (lantern.Signal, bool, error)
}

func presets(now time.Time) []preset {
	return []preset{
		{MISPTable, misp.Headings(), misp.Row},
		{Descriptors, threatexchange.Headings(), func(get func(string) string, lost func(string)) (lantern.Signal, bool, error) {
			return threatexchange.Row(get, lost, now)
		}},
	}
}

// fits reports whether a table with these headings is one of the preset.
func (p *preset) fits(names []string) bool {
	return !slices.ContainsFunc(p.headings, func(h string) bool { return !slices.Contains(names, h) })
}

// readTable begins to read a table: in the words that o says or its heading tells, else Lantern's own.
func (r *Reader) readTable(in *bufio.Reader, o Options) (err error) {
	names := csv.Names(start(in))
	for _, p := range presets(o.Now) {
		if o.Own || p.name != o.Preset && (o.Preset != "" || !p.fits(names)) {
			continue
		}
		lost := map[string]int{}
		r.csv, err = csv.NewForm(in, o.Map, func(get func(string) string) (lantern.Signal, bool, error) {
			return p.row(get, func(name string) { lost[name]++ })
		})
		r.from = table{r.csv, lost}
		return err
	}
	if o.Preset != "" {
		return notText("no such preset", "lantern import --help lists them")
	}
	r.csv, err = csv.NewReader(in, o.Map)
	r.from = table{r.csv, nil}
	return err
}
