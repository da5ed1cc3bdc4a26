package casework

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strconv"
	"time"

	"lantern"
	"lantern/audit"
	"lantern/internal/agentstore"
	"lantern/internal/seal"
	"lantern/internal/sqldb"
)

// Desk is where an agent's people work. All fields must be set; its methods may be called by
// any number of goroutines. The person of a call was authenticated by the caller.
type Desk struct {
	DB     *sqldb.DB
	Sealer *seal.Sealer
	Clock  func() time.Time
	Random io.Reader

	// Record appends an entry to the agent's own log in the transaction of the act it
	// records: who holds what would have to be erased, what ids, kinds and counts.
	Record func(ctx context.Context, tx *sqldb.Tx, kind audit.Kind, who, what any) error
}

// ChunkSize is how many candidates or rulings of a stream are one transaction.
const ChunkSize = 1000

// MustCase returns a case or an error of kind NotFound.
func MustCase(ctx context.Context, tx *sqldb.Tx, id lantern.ID) (lantern.Case, error) {
	c, found, err := agentstore.LoadCase(ctx, tx, id)
	if err != nil {
		return c, fmt.Errorf("reading a case: %w", err)
	}
	if !found {
		return c, lantern.Errorf(lantern.NotFound, "no such case")
	}
	rules, err := Policies(ctx, tx, c.Program)
	c.FourEyes = len(rules) > 0 && rules[0].FourEyes
	return c, err
}

// Case returns one case.
func (w *Desk) Case(ctx context.Context, id lantern.ID) (c lantern.Case, err error) {
	err = w.DB.Read(ctx, func(tx *sqldb.Tx) error {
		c, err = MustCase(ctx, tx, id)
		return err
	})
	return c, err
}

// ReactionTo is what the sharer is told of a decision, "" for nothing.
func ReactionTo(d lantern.HitDecision) lantern.Reaction {
	switch d {
	case lantern.Confirmed:
		return lantern.Helpful
	case lantern.NotHere:
		return lantern.NotViolating
	}
	return ""
}

// AtLine puts a complaint under the index of its line, from 0, as a JSON pointer.
func AtLine(err error, line int) error {
	var e *lantern.Error
	if errors.As(err, &e) {
		return e.At("/" + strconv.Itoa(line))
	}
	return err
}

// ProblemOf turns an error the caller can act on into its wire form; others are returned.
func ProblemOf(err error) (*lantern.Problem, error) {
	var e *lantern.Error
	if errors.As(err, &e) {
		return e.Problem(), nil
	}
	return nil, err
}
