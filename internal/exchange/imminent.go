package exchange

import (
	"fmt"
	"time"

	"lantern"
	"lantern/internal/store"
)

// remindEvery is how often those concerned are told that a challenge of an imminent signal
// is overdue, until it is decided.
const remindEvery = 30 * time.Minute

// tellWaits tells the third parties whose dispute officers may decide that a challenge
// waits for one.
func (t *txn) tellWaits(c store.ChallengeRow) error {
	sides, err := t.sidesOf(c)
	t.tell(happening{kind: lantern.ChallengeWaits, signal: c.Signal, object: c.ID, officers: sides, urgent: c.Imminent})
	return err
}

// sidesOf returns the members that are no third parties to a challenge: the sharer, and all
// that ever challenged the signal.
func (t *txn) sidesOf(c store.ChallengeRow) ([]lantern.ID, error) {
	challengers, err := store.Challengers(t.ctx, t.Tx, c.Signal)
	return append(challengers, c.Owner), err
}

// remindLate tells everybody who has a part in it of each challenge of an imminent signal
// whose deadline passed: a child may be at risk while nobody says whether the signal holds.
func (x *Exchange) remindLate(t *txn) (int, error) {
	late, err := store.Untold(t.ctx, t.Tx, t.now, t.now.Add(-remindEvery))
	if err != nil {
		return 0, err
	}
	for _, c := range late {
		sides, err := t.sidesOf(c)
		if err != nil {
			return 0, err
		}
		t.tell(happening{kind: lantern.ChallengeOverdue, signal: c.Signal, object: c.ID, members: []lantern.ID{c.Owner, c.Member}, officers: sides, urgent: true})
		if err := store.SetTold(t.ctx, t.writing(), c, t.now); err != nil {
			return 0, fmt.Errorf("reminding of a challenge: %w", err)
		}
	}
	return 0, nil
}
