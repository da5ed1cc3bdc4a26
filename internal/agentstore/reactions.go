package agentstore

import (
	"context"
	"time"

	"lantern"
	"lantern/internal/sqldb"
)

// OweReaction notes a reaction that follows from an act, once per signal, to be sent from
// due on: at once if due is zero. One that was sent before is not owed again, and one that
// was to be taken back stays as it is at the exchange.
func OweReaction(ctx context.Context, tx *sqldb.Tx, signal lantern.ID, r lantern.Reaction, act lantern.ID, due time.Time) error {
	_, err := tx.Exec(ctx, `INSERT INTO reactions (signal, reaction, sent, act, due, back) VALUES ($1, $2, FALSE, $3, $4, FALSE)
		ON CONFLICT (signal, reaction) DO UPDATE SET
		sent = reactions.sent OR reactions.back, back = FALSE,
		act = CASE WHEN reactions.back THEN excluded.act ELSE reactions.act END,
		due = CASE WHEN excluded.due < reactions.due THEN excluded.due ELSE reactions.due END`,
		signal, r, act, Micros(due))
	return err
}

// OwedReaction is a reaction not yet sent, or not yet taken back.
type OwedReaction struct {
	Signal   lantern.ID
	Reaction lantern.Reaction
	Back     bool
}

// LoadOwedReactions returns what is owed at a time for signals that stand; who fell needs none.
func LoadOwedReactions(ctx context.Context, tx *sqldb.Tx, now time.Time) ([]OwedReaction, error) {
	rows, err := tx.Query(ctx, `SELECT o.signal, o.reaction, o.back FROM reactions o JOIN replica r ON r.signal = o.signal
		WHERE NOT o.sent AND o.due <= $1 ORDER BY o.signal, o.reaction`, Micros(now))
	return collect(rows, err, func(o *OwedReaction) error { return rows.Scan(&o.Signal, &o.Reaction, &o.Back) })
}

// SettleReaction notes that a reaction was sent, or forgets one that was taken back. One
// that turned round meanwhile is left alone.
func SettleReaction(ctx context.Context, tx *sqldb.Tx, o OwedReaction) error {
	q := `UPDATE reactions SET sent = TRUE WHERE signal = $1 AND reaction = $2 AND NOT back`
	if o.Back {
		q = `DELETE FROM reactions WHERE signal = $1 AND reaction = $2 AND back`
	}
	_, err := tx.Exec(ctx, q, o.Signal, o.Reaction)
	return err
}

// UnoweReactions takes back what an undone act called for and no other decision does:
// forgotten if it was not sent, owed to be taken back if it was. What another decision d
// calls for as well is from then on that one's act's.
func UnoweReactions(ctx context.Context, tx *sqldb.Tx, act lantern.ID, r lantern.Reaction, d lantern.HitDecision) error {
	const (
		own   = ` WHERE act = $1 AND reaction = $2`
		alone = own + ` AND NOT EXISTS (SELECT 1 FROM hits h WHERE h.signal = reactions.signal AND h.decision = $3)`
	)
	if _, err := tx.Exec(ctx, `DELETE FROM reactions`+alone+` AND NOT sent AND NOT back`, act, r, d); err != nil {
		return err
	}
	if _, err := tx.Exec(ctx, `UPDATE reactions SET sent = FALSE, back = TRUE, due = 0`+alone+` AND sent`, act, r, d); err != nil {
		return err
	}
	_, err := tx.Exec(ctx, `UPDATE reactions SET act = (SELECT MAX(h.act) FROM hits h WHERE h.signal = reactions.signal AND h.decision = $3)`+
		own+` AND NOT back`, act, r, d)
	return err
}
