package agent

import (
	"context"
	"fmt"
	"slices"
	"sync"

	"lantern"
	"lantern/client"
	"lantern/internal/agentstore"
	"lantern/internal/casework"
	"lantern/internal/fair"
	"lantern/internal/sqldb"
)

// DecideHits records a person's decisions, each on its own: one that cannot be recorded
// does not harm its neighbors. Deciding again replaces a decision. What follows is sent
// with the person's key at once: a confirmed hit tells the sharer that its signal helped,
// one that is no violation here tells it so, and a wrong signal is challenged first, so
// that the decision stands only if the challenge does. Each decision is an act of its own,
// which [Agent.Undo] takes back.
func (a *Agent) DecideHits(ctx context.Context, c Caller, rulings []lantern.HitRuling) ([]lantern.HitResult, error) {
	if err := c.person(); err != nil {
		return nil, err
	}
	results := make([]lantern.HitResult, len(rulings))
	signals := make([]lantern.ID, len(rulings)) // of the recorded ones
	challenged := make(map[lantern.ID]lantern.ID)
	for i, r := range rulings {
		results[i].Hit = r.Hit
		signal, act, err := a.decideHit(ctx, c, r, challenged)
		if err != nil {
			problem, perr := casework.ProblemOf(err)
			if perr != nil {
				return nil, perr
			}
			results[i].Problem = problem
			continue
		}
		results[i].Recorded, results[i].Act, signals[i] = true, act, signal
		if r.Decision == lantern.WrongSignal {
			results[i].Challenge = challenged[signal]
		}
	}
	unsent, err := a.sendReactions(ctx, c)
	if err != nil {
		return nil, err
	}
	for i, id := range signals {
		if e := unsent[id]; e != nil && results[i].Problem == nil && casework.ReactionTo(rulings[i].Decision) != "" {
			results[i].Problem = &lantern.Problem{Kind: lantern.KindOf(e), Reason: "recorded here; the sharer could not be told", Fix: "it is sent with the next decision of a person who may react"}
		}
	}
	return results, nil
}

// decideHit records one decision and returns the hit's signal and the act. challenged holds
// the challenges this call opened, by signal: several hits of one signal need one.
func (a *Agent) decideHit(ctx context.Context, c Caller, r lantern.HitRuling, challenged map[lantern.ID]lantern.ID) (signal, act lantern.ID, err error) {
	if err := r.Validate(); err != nil {
		return 0, 0, err
	}
	var h agentstore.HitRow
	err = a.db.Read(ctx, func(tx *sqldb.Tx) (err error) {
		h, err = a.decidable(ctx, tx, c, r, challenged)
		return err
	})
	if err != nil {
		return 0, 0, err
	}
	if act, err = a.newID(); err != nil {
		return 0, 0, err
	}
	if r.Decision == lantern.WrongSignal && challenged[h.Signal] == 0 {
		ch, err := c.exchange.OpenChallenge(ctx, lantern.Challenge{Signal: h.Signal, Reason: lantern.ChallengeReason(r.Reason)})
		if err != nil {
			return 0, 0, err
		}
		challenged[h.Signal] = ch.ID
	}
	var challenge lantern.ID
	if r.Decision == lantern.WrongSignal {
		challenge = challenged[h.Signal]
	}
	d := agentstore.Deciding{Act: act, Person: c.Person, Decision: r.Decision, Reason: r.Reason, At: a.clock()}
	err = a.db.Write(ctx, func(tx *sqldb.Tx) error {
		// Its signal may have been suspended, or have fallen, since it was read.
		if _, err := a.decidable(ctx, tx, c, r, challenged); err != nil {
			return err
		}
		if err := a.desk.PutAct(ctx, tx, d, lantern.Act{Count: 1}, challenge); err != nil {
			return err
		}
		if err := agentstore.DecideHits(ctx, tx, []lantern.ID{h.ID}, d); err != nil {
			return err
		}
		if err := casework.OweReactions(ctx, tx, []lantern.ID{h.Signal}, d); err != nil {
			return err
		}
		err := a.desk.RecordAct(ctx, tx, act,
			map[string]any{"person": c.Person, "account": h.Account, "ref": h.Ref},
			map[string]any{"hit": h.ID, "signal": h.Signal, "decision": r.Decision, "reason": r.Reason, "challenge": challenge})
		if err != nil {
			return err
		}
		return agentstore.NoteEntry(ctx, tx, h.ID) // what names people in it goes with the hit
	})
	if err != nil {
		return 0, 0, fmt.Errorf("recording a decision: %w", err)
	}
	return h.Signal, act, nil
}

// decidable returns a hit that the caller may decide so. One that is held because of a challenge
// this very call opened still may be.
func (a *Agent) decidable(ctx context.Context, tx *sqldb.Tx, c Caller, r lantern.HitRuling, challenged map[lantern.ID]lantern.ID) (agentstore.HitRow, error) {
	h, found, err := agentstore.LoadHit(ctx, tx, r.Hit)
	switch {
	case err != nil:
		return h, fmt.Errorf("reading a hit: %w", err)
	case !found || h.State == lantern.HitHeld && challenged[h.Signal] == 0:
		return h, &lantern.Error{Kind: lantern.NotFound, Field: "/hit", Reason: "no such hit"}
	case h.State == lantern.HitVoid:
		return h, &lantern.Error{Kind: lantern.Conflict, Field: "/hit", Reason: "its signal fell", Fix: "see the review tasks under corrections"}
	}
	d := r.Decision
	if h.State == lantern.HitDecided && h.Person != c.Person {
		d = "" // handing it on would undo what another decided
	}
	return h, a.desk.MayDecide(ctx, tx, c.actor(), []lantern.ID{h.Signal}, d)
}

// sendReactions sends what is owed with the person's key, and returns what could not be
// sent, by signal. It stays owed.
func (a *Agent) sendReactions(ctx context.Context, c Caller) (map[lantern.ID]error, error) {
	var owed []agentstore.OwedReaction
	err := a.db.Read(ctx, func(tx *sqldb.Tx) (err error) {
		owed, err = agentstore.LoadOwedReactions(ctx, tx, a.clock())
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("reading owed reactions: %w", err)
	}
	unsent := make(map[lantern.ID]error)
	var sent []agentstore.OwedReaction
	var mu sync.Mutex // guards both
	stopped := fair.Together(owed, func(o agentstore.OwedReaction) error {
		err := react(ctx, c.exchange, o)
		mu.Lock()
		defer mu.Unlock()
		if kind := lantern.KindOf(err); err == nil || kind == lantern.NotFound || kind == lantern.Conflict {
			sent = append(sent, o) // or of no use any more
			return nil
		}
		unsent[o.Signal] = err
		return err
	})
	err = a.db.Write(ctx, func(tx *sqldb.Tx) error {
		for _, o := range sent {
			if err := agentstore.SettleReaction(ctx, tx, o); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("recording reactions: %w", err)
	}
	if lantern.KindOf(stopped) == lantern.Unavailable {
		for _, o := range owed {
			if unsent[o.Signal] == nil && !slices.Contains(sent, o) {
				unsent[o.Signal] = stopped
			}
		}
	}
	return unsent, nil
}

func react(ctx context.Context, exchange *client.Client, o agentstore.OwedReaction) error {
	_, err := exchange.React(ctx, lantern.Feedback{Signal: o.Signal, Reaction: o.Reaction, Removed: o.Back})
	return err
}
