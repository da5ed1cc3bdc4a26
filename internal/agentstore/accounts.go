package agentstore

import (
	"context"
	"time"

	"lantern"
	"lantern/internal/sqldb"
)

// AccountRow is an account with open hits, and its place in the queue: that of its most
// urgent hit.
type AccountRow struct {
	Account string
	Hits    int
	Urgency int64
	Found   time.Time
	Signals []lantern.ID
	First   lantern.ID // the most urgent hit
}

// ListAccounts returns a page of the accounts with open hits, the most urgent first, after
// one account unless it is "". An account after which is asked and that is gone ends the
// list where it would have stood.
func ListAccounts(ctx context.Context, tx *sqldb.Tx, after string, limit int) ([]AccountRow, error) {
	const grouped = `SELECT account, COUNT(*) AS hits, MIN(urgency) AS urgency, MIN(found) AS found FROM hits
		WHERE state = 'open' AND account <> ''`
	q, args := grouped+` GROUP BY account`, []any{limit}
	if after != "" {
		var urgency, found int64
		err := tx.QueryRow(ctx, `SELECT COALESCE(MIN(urgency), -1), COALESCE(MIN(found), 0) FROM hits WHERE account = $1 AND state = 'open'`, after).Scan(&urgency, &found)
		if err != nil {
			return nil, err
		}
		q += ` HAVING (MIN(urgency), MIN(found), account) > ($2, $3, $4)`
		args = append(args, urgency, found, after)
	}
	rows, err := tx.Query(ctx, q+` ORDER BY urgency, found, account LIMIT $1`, args...)
	all, err := collect(rows, err, func(a *AccountRow) error {
		var found int64
		err := rows.Scan(&a.Account, &a.Hits, &a.Urgency, &found)
		a.Found = FromMicros(found)
		return err
	})
	if err != nil {
		return nil, err
	}
	return all, fillAccounts(ctx, tx, all)
}

// fillAccounts adds the signals of each account and its most urgent hit.
func fillAccounts(ctx context.Context, tx *sqldb.Tx, all []AccountRow) error {
	place := make(map[string]*AccountRow, len(all))
	accounts := make([]string, len(all))
	for i := range all {
		accounts[i] = all[i].Account
		place[accounts[i]] = &all[i]
	}
	return inChunks(accounts, func(args []any) error {
		rows, err := tx.Query(ctx, `SELECT account, id, signal FROM hits WHERE state = 'open' AND account IN `+list(1, len(args))+
			` ORDER BY account, urgency, found, id`, args...)
		return eachRow(rows, err, func() error {
			var account string
			var id, signal lantern.ID
			if err := rows.Scan(&account, &id, &signal); err != nil {
				return err
			}
			a := place[account]
			if a.First == 0 {
				a.First = id
			}
			a.Signals = append(a.Signals, signal)
			return nil
		})
	})
}
