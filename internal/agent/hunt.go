package agent

import (
	"context"
	"fmt"
	"io"
	"regexp"
	"strings"

	"lantern"
	"lantern/internal/agentstore"
	"lantern/internal/hunt"
	"lantern/internal/sqldb"
)

// readingRules numbers the rules by which files are read: how text is taken apart, how
// files are cut and opened. Raise it when something is found that was not found before:
// every file is then new to every hunt.
const readingRules = "5"

// reading names the rules and settings by which this agent reads. Which part of the records
// takes part is one: what was left out is due when another part does.
func (a *Agent) reading() string {
	return strings.TrimSpace(readingRules + " " + a.region + " " + a.sampling.String())
}

// ledger returns what hunts looked at, as this agent reads.
func (a *Agent) ledger() hunt.Ledger { return hunt.Ledger{Sealer: a.sealer, Reading: a.reading()} }

// PlanHunt says of each file whether a hunt must look at it. Unless dry, a hunt of the name
// begins if there is none. An error of kind Unavailable says that the agent cannot look.
func (a *Agent) PlanHunt(ctx context.Context, name string, files []lantern.HuntedFile, dry bool) ([]lantern.HuntResult, error) {
	if err := a.mayHunt(name); err != nil {
		return nil, err
	}
	for i := range files {
		if err := files[i].Validate(); err != nil {
			return nil, err
		}
	}
	ledger, arrived, now := a.ledger(), a.keeper.Arrived.Load(), a.clock()
	id, err := a.newID()
	if err != nil {
		return nil, err
	}
	var results []lantern.HuntResult
	plan := func(tx *sqldb.Tx, hunt lantern.ID) (err error) {
		results, err = ledger.Plan(ctx, tx, hunt, files, arrived, !dry)
		return err
	}
	if dry {
		err = a.db.Read(ctx, func(tx *sqldb.Tx) error {
			hunt, _, err := agentstore.LoadHuntID(ctx, tx, name)
			if err != nil {
				return err
			}
			return plan(tx, hunt)
		})
	} else {
		err = a.db.Write(ctx, func(tx *sqldb.Tx) error {
			hunt, err := agentstore.OpenHunt(ctx, tx, name, id, now)
			if err != nil {
				return err
			}
			return plan(tx, hunt)
		})
	}
	if err != nil {
		return nil, fmt.Errorf("planning a hunt: %w", err)
	}
	return results, nil
}

// huntName is what a hunt may be called; it stands in addresses.
var huntName = regexp.MustCompile(`^[A-Za-z0-9._-]{1,64}$`)

// mayHunt refuses a name that cannot be shown, and to hunt while nothing can be looked up or
// noted, or what is found is told nobody: it would count as looked at.
func (a *Agent) mayHunt(name string) error {
	if !huntName.MatchString(name) {
		return &lantern.Error{Kind: lantern.Invalid, Field: "/name", Reason: "not a name of a hunt", Fix: "1 to 64 letters, digits, dots, hyphens and underscores"}
	}
	if a.shadow {
		return &lantern.Error{Kind: lantern.Conflict, Reason: "the agent is in shadow mode: nobody would see what a hunt finds", Fix: "use lantern match, which counts it, or end shadow mode"}
	}
	if a.isStuck() {
		return &lantern.Error{Kind: lantern.Unavailable, Reason: stuckReason, Fix: "run the hunt again when there is room"}
	}
	if f := a.freshness(a.clock()); f.state == lantern.CouldNotLook || !f.personal {
		return &lantern.Error{Kind: lantern.Unavailable, Reason: f.reasons[0], Fix: "run the hunt again when lantern agent status says ok; it goes on where it stopped"}
	}
	return nil
}

// huntPiece looks at a piece of a hunt as far as that is due, and notes it.
func (s *Stream) huntPiece(ctx context.Context, p *lantern.Piece, r io.Reader) error {
	a := s.a
	if err := a.mayHunt(s.o.Hunt); err != nil {
		return err
	}
	h, r, err := a.ledger().Piece(s.o.Hunt, p, r)
	if err != nil {
		return err
	}
	h.Began = a.keeper.Checks()
	if err := a.db.Read(ctx, func(tx *sqldb.Tx) error { return h.Load(ctx, tx) }); err != nil {
		return fmt.Errorf("reading what was hunted: %w", err)
	}
	if h.Skip(a.keeper.Arrived.Load()) {
		return s.skipPiece(ctx, h, p, r)
	}
	in, err := a.sightSince(ctx, h.Since())
	if err != nil {
		return err
	}
	saw, l, err := s.lookAt(ctx, p, in, r)
	if err != nil {
		return err
	}
	h.Checks = a.keeper.Checks()
	return s.wait(ctx, l, in.since, func(ctx context.Context) error {
		h.Looked, h.Trouble = in.upTo, saw.trouble
		return s.endPiece(ctx, h, saw.blind || len(saw.lacks) > 0, lantern.PieceAnswer{Done: true, Lacks: saw.lacks})
	})
}

// skipPiece says what came of a piece when it was looked at.
func (s *Stream) skipPiece(ctx context.Context, h *hunt.Piece, p *lantern.Piece, r io.Reader) error {
	if len(h.Trouble) > 0 {
		answer := lantern.Answer{Ref: p.Ref, State: lantern.CouldNotLook, Reasons: h.Trouble, Matches: []lantern.Match{}}
		if err := s.say(ctx, lantern.PieceAnswer{Answer: &answer}); err != nil {
			return err
		}
	}
	if _, err := io.Copy(io.Discard, r); err != nil {
		return fmt.Errorf("reading a piece: %w", err)
	}
	h.Checks = s.a.keeper.Checks()
	return s.wait(ctx, nil, s.since, func(ctx context.Context) error {
		return s.endPiece(ctx, h, false, lantern.PieceAnswer{Done: true, Skipped: true})
	})
}

// endPiece notes a piece, if it can be relied on, or has it noted with others, and says that it is done.
func (s *Stream) endPiece(ctx context.Context, h *hunt.Piece, blind bool, done lantern.PieceAnswer) error {
	if !s.o.Dry && !blind && s.a.keeper.Trusts(h.Began) {
		s.noted = append(s.noted, h)
		if !h.Alone() || len(s.noted) >= mostNoted {
			if err := s.note(ctx); err != nil {
				return err
			}
		}
		done.Kept = true
	}
	return s.emit(done)
}

// note notes the files that wait, many in one transaction. A crash before that has these looked at
// again, which doubles no hit.
func (s *Stream) note(ctx context.Context) error {
	noted := s.noted
	if s.noted = nil; len(noted) == 0 {
		return nil
	}
	return s.a.note(ctx, noted)
}

// note keeps that pieces were looked at, and with a last one that the file was. Their hits
// are kept already: a crash in between has them looked at again.
func (a *Agent) note(ctx context.Context, all []*hunt.Piece) error {
	err := a.db.Write(ctx, func(tx *sqldb.Tx) error {
		for _, h := range all {
			if !a.keeper.Trusts(h.Began) {
				continue // a file of the engine was found damaged meanwhile: it is due
			}
			if err := h.Note(ctx, tx); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("noting what was hunted: %w", err)
	}
	return nil
}

// Hunts lists the hunts, the oldest first.
func (a *Agent) Hunts(ctx context.Context) ([]lantern.Hunt, error) {
	var all []lantern.Hunt
	err := a.db.Read(ctx, func(tx *sqldb.Tx) (err error) {
		all, err = agentstore.LoadHunts(ctx, tx, a.keeper.Arrived.Load())
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("listing hunts: %w", err)
	}
	return append([]lantern.Hunt{}, all...), nil
}

// ForgetHunt forgets what a hunt looked at: the next of the name looks at everything. Hits stay.
func (a *Agent) ForgetHunt(ctx context.Context, name string) error {
	err := a.db.Write(ctx, func(tx *sqldb.Tx) error {
		found, err := agentstore.ForgetHunt(ctx, tx, name)
		if err == nil && !found {
			err = &lantern.Error{Kind: lantern.NotFound, Field: "/name", Reason: "no such hunt", Fix: "lantern hunt list shows them"}
		}
		return err
	})
	if err != nil {
		return fmt.Errorf("forgetting a hunt: %w", err)
	}
	return nil
}
