package doctor

import (
	"context"
	"net/http"
	"time"

	"lantern"
	"lantern/client"
	"lantern/internal/sqldb"
)

// State is how a check ended.
type State string

// The states. Only [Bad] is a failure.
const (
	Good    State = "ok"
	Doubt   State = "warning" // works, and somebody should look soon
	Bad     State = "failed"
	Skipped State = "skipped" // what it rests on failed or is not there
)

// Finding is what one check found.
type Finding struct {
	Check string `json:"check"`
	State State  `json:"state"`
	Found string `json:"found"`
	Fix   string `json:"fix,omitempty"` // what to do, of a failure and a warning
}

// Patient is the agent to be examined. Only Agent, LogKey, Roots and Free may be missing.
type Patient struct {
	Keys     string // folder of the keys
	Data     string // folder of database and token
	KEK      string // file of the key that values are sealed under
	KeyFile  string // file with the agent's API key
	Database string // file of the database
	Engine   string // folder of the engine's files
	Token    string // file of the local token
	Fence    string // file of the number by which an older database is noticed

	Exchange  string            // address of the exchange
	Key       string            // the API key; "" if it could not be read
	LogKey    string            // verifier key of the log that is configured; "": the pinned one counts
	Agent     *client.Agent     // nil: the local token could not be read
	Transport http.RoundTripper // to the exchange; nil: one of its own with the system's authorities

	Clock func() time.Time
	Free  func(folder string) (bytes uint64, err error) // nil: asks the system
}

// visit is one examination under way, with what earlier checks learned.
type visit struct {
	Patient
	now    time.Time
	db     *sqldb.DB // nil: could not be opened
	who    *lantern.Whoami
	date   time.Time // what the exchange's clock showed, at asked
	asked  time.Time
	failed map[string]bool // checks that did not end well enough to go on from
}

// check is one thing that is looked at. It returns what it found, without the name.
type check struct {
	name  string
	needs []string // checks that must not have failed
	look  func(ctx context.Context, v *visit) Finding
}

// Examine makes all checks in their order and reports each as it ends. It returns how many
// failed. A check that rests on one that failed is skipped.
func Examine(ctx context.Context, p Patient, report func(Finding) error) (failures int, err error) {
	if p.Free == nil {
		p.Free = freeSpace
	}
	v := &visit{Patient: p, now: p.Clock(), failed: make(map[string]bool)}
	defer func() {
		if v.db != nil {
			_ = v.db.Close() // only read
		}
	}()
	for _, c := range checks {
		f := Finding{State: Skipped, Found: "not looked at"}
		missing := ""
		for _, need := range c.needs {
			if v.failed[need] {
				missing = need
			}
		}
		if missing == "" {
			f = c.look(ctx, v)
		} else {
			f.Found = "not looked at: see " + missing
		}
		if ctx.Err() != nil {
			return failures, ctx.Err()
		}
		f.Check = c.name
		v.failed[c.name] = f.State == Bad || f.State == Skipped
		if f.State == Bad {
			failures++
		}
		if err := report(f); err != nil {
			return failures, err
		}
	}
	return failures, nil
}

func good(found string) Finding       { return Finding{State: Good, Found: found} }
func doubt(found, fix string) Finding { return Finding{State: Doubt, Found: found, Fix: fix} }
func bad(found, fix string) Finding   { return Finding{State: Bad, Found: found, Fix: fix} }
func skipped(found string) Finding    { return Finding{State: Skipped, Found: found} }
