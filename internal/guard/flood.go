package guard

import (
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"lantern"
)

// What a flood is measured over.
const (
	Window = time.Hour          // the burst: hits of one signal found in it
	Usual  = 7 * 24 * time.Hour // before it: what is usual for the signal
	Burst  = 10                 // how many times its usual rate a signal may reach
)

// Defaults of [Flood]: what an exact identifier reaches only in an unusual campaign, and
// what is less for the types that are always weak.
const (
	DefaultHourly = 1000
	DefaultWeak   = 200
)

// Flood says how many hits an hour of one signal are no flood. The zero Flood quarantines
// nothing.
type Flood struct {
	Hourly int                        // for every type that is not in Types; 0: no bound
	Types  map[lantern.SignalType]int // bounds of their own; 0: no bound
	Kept   int                        // matches of one signal kept outside the queue; 0: [DefaultKept]
}

// DefaultKept is how many matches of one signal are kept while nobody may see them, or until
// somebody looks: enough to judge by, and few enough that no signal fills a disk.
const DefaultKept = 10_000

// Keeps returns how many matches of one signal are kept outside the queue.
func (f Flood) Keeps() int {
	if f.Kept <= 0 {
		return DefaultKept
	}
	return f.Kept
}

// DefaultFlood returns the bounds of an agent that was told none.
func DefaultFlood() Flood {
	return Flood{Hourly: DefaultHourly, Types: map[lantern.SignalType]int{"phrase": DefaultWeak, "ip": DefaultWeak}}
}

// ParseFlood reads bounds as configuration writes them: a number for all types and
// TYPE=NUMBER for one, separated by commas ("1000,phrase=200"). What is not named keeps its
// default; "0" or "TYPE=0" is no bound. known says whether a type exists.
func ParseFlood(s string, known func(lantern.SignalType) bool) (Flood, error) {
	f := DefaultFlood()
	read := func(value string) (int, error) {
		n, err := strconv.Atoi(value)
		if err != nil || n < 0 {
			return 0, invalid("a bound of the flood guard is not a number of hits an hour", "such as 1000,phrase=200; 0 for no bound")
		}
		return n, nil
	}
	own := map[lantern.SignalType]int{}
	for name, value := range pairs(s) {
		n, err := read(value)
		if err != nil {
			return f, err
		}
		kind := lantern.SignalType(name)
		if name == "" {
			f.Hourly = n
			for t, was := range f.Types { // a bound for all means all
				f.Types[t] = min(was, n)
			}
		} else if known(kind) {
			own[kind] = n
		} else {
			return f, invalid("the flood guard is given a bound for a type that does not exist", "one of the names lantern types lists")
		}
	}
	maps.Copy(f.Types, own)
	return f, nil
}

// String writes what [ParseFlood] reads.
func (f Flood) String() string {
	parts := []string{strconv.Itoa(f.Hourly)}
	for _, t := range slices.Sorted(maps.Keys(f.Types)) {
		parts = append(parts, string(t)+"="+strconv.Itoa(f.Types[t]))
	}
	return strings.Join(parts, ",")
}

// Count is what one signal did.
type Count struct {
	Hour    int // hits found in the last [Window]
	Before  int // hits found in [Usual] before it
	Allowed int // hits an hour that a person allowed by a release; 0: none did
}

// Limit returns how many hits an hour of a signal of a type are no flood: the bound of the
// type, or [Burst] times what is usual for the signal, or what a person allowed, whichever is
// most. 0 means no bound.
func (f Flood) Limit(t lantern.SignalType, c Count) int {
	bound, own := f.Types[t]
	if !own {
		bound = f.Hourly
	}
	if bound <= 0 {
		return 0
	}
	usual := Burst * c.Before / int(Usual/Window)
	return max(bound, usual, c.Allowed)
}

// Trips reports whether a signal of a type is to be quarantined.
func (f Flood) Trips(t lantern.SignalType, c Count) bool {
	limit := f.Limit(t, c)
	return limit > 0 && c.Hour > limit
}

// Peak returns how many of the times fall into the busiest [Window].
func Peak(times []time.Time) int {
	sorted := slices.SortedFunc(slices.Values(times), time.Time.Compare)
	most, first := 0, 0
	for i, t := range sorted {
		for t.Sub(sorted[first]) >= Window {
			first++
		}
		most = max(most, i-first+1)
	}
	return most
}

// Allow returns how many hits an hour a signal may make that a person released after having
// seen what it did: twice as many, so that the guard does not trip over the same again.
func Allow(hour int) int { return 2 * hour }

// pairs yields the parts of "a=1,b=2,3" as name and value; a part without a name has "".
func pairs(s string) func(yield func(name, value string) bool) {
	return func(yield func(name, value string) bool) {
		for part := range strings.SplitSeq(s, ",") {
			part = strings.TrimSpace(part)
			if part == "" {
				continue
			}
			name, value, named := strings.Cut(part, "=")
			if !named {
				name, value = "", name
			}
			if !yield(strings.TrimSpace(name), strings.TrimSpace(value)) {
				return
			}
		}
	}
}

func invalid(reason, fix string) error {
	return &lantern.Error{Kind: lantern.Invalid, Reason: reason, Fix: fix}
}
