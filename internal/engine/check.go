package engine

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"lantern/internal/agentstore"
	"lantern/internal/sqldb"
	"lantern/match"
)

// A damaged file may find nothing where it should, and no lookup sees that. So the files are
// read through again and again. If one is found damaged, by that or otherwise, what was
// looked up since the last check that found all of them whole may have missed something:
// hunts are owed those files again, and the status says from when to when.

// Check reads the files through and notes it if they are whole. If they are not, whole is
// false: the damaged ones are out, which answers say, and [Keeper.Mend] makes them anew.
func (k *Keeper) Check(ctx context.Context) (whole bool, err error) {
	number, began := k.checks.Add(1), k.Clock()
	err = k.Engine.Check(ctx)
	var damage *match.Damage
	if errors.As(err, &damage) {
		k.Log.Error("a file of the engine is damaged and is made anew", "error", err)
		return false, nil
	}
	if err != nil || k.Engine.Missing() > 0 {
		return false, err
	}
	err = k.DB.Write(ctx, func(tx *sqldb.Tx) error {
		return agentstore.SaveState(ctx, tx, agentstore.StateWhole, strconv.FormatInt(number, 10)+" "+began.UTC().Format(time.RFC3339))
	})
	if err != nil {
		return true, fmt.Errorf("noting that the engine is whole: %w", err)
	}
	return true, nil
}

// Checks returns how many checks have begun. What was looked at before Checks returned is
// right if the next one to begin finds the files whole.
func (k *Keeper) Checks() int64 { return k.checks.Load() }

// Trusts reports whether what was looked at, after Checks returned began, may be noted as
// looked at: nothing was found damaged since. Ask in the transaction that notes it.
func (k *Keeper) Trusts(began int64) bool { return began >= k.sound.Load() }

// distrust notes why the files could not be opened.
func (k *Keeper) distrust(ctx context.Context, why error) error {
	k.Log.Warn("the engine's files cannot be used and are made anew", "error", why)
	var damage *match.Damage
	if errors.As(why, &damage) && damage.Foreign {
		return nil
	}
	return k.doubt(ctx)
}

// readWhole returns the number of the last check that found the files whole and when it
// began: 0 and "" if there was none.
func readWhole(state map[string]string) (number int64, began string) {
	text, began, _ := strings.Cut(state[agentstore.StateWhole], " ")
	number, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		return 0, ""
	}
	return number, began
}

// doubt takes back that hunts looked at what they looked at since the files were found
// whole, and notes the time for [DoubtText]. It must be called before the files are filled
// anew; twice is as once.
func (k *Keeper) doubt(ctx context.Context) error {
	k.sound.Store(k.checks.Add(1)) // first: what waits to be noted must not come after
	now := k.Clock()
	err := k.DB.Write(ctx, func(tx *sqldb.Tx) error {
		state, err := agentstore.LoadState(ctx, tx)
		if err != nil {
			return err
		}
		number, began := readWhole(state)
		if err := agentstore.ForgetHunted(ctx, tx, number); err != nil {
			return err
		}
		all := append(doubts(state[agentstore.StateDoubt], now), doubted{from: began, to: now.UTC().Format(time.RFC3339)})
		return agentstore.SaveState(ctx, tx, agentstore.StateDoubt, writeDoubts(all))
	})
	if err != nil {
		return fmt.Errorf("having what was hunted looked at again: %w", err)
	}
	return nil
}

// doubted is a time in which lookups may have missed something, in RFC 3339; from is ""
// if the files had never been checked.
type doubted struct{ from, to string }

// mostDoubts is how many of them are told. None is forgotten: of more, the nearest are told as one.
const mostDoubts = 5

// doubts reads what writeDoubts wrote and leaves out what is long ago.
func doubts(text string, now time.Time) (all []doubted) {
	for _, field := range strings.Fields(text) {
		from, to, _ := strings.Cut(field, "/")
		if _, ok := agentstore.Told(to, now); !ok {
			continue
		}
		if n := len(all); n > 0 && all[n-1].from == from {
			all = all[:n-1] // the same one, found again before it was mended
		}
		all = append(all, doubted{from, to})
	}
	return all
}

func writeDoubts(all []doubted) string {
	for len(all) > mostDoubts {
		all = joinNearest(all)
	}
	var fields []string
	for _, d := range all {
		fields = append(fields, d.from+"/"+d.to)
	}
	return strings.Join(fields, " ")
}

// joinNearest joins the two neighbors between which the least time lies, and that time.
func joinNearest(all []doubted) []doubted {
	gap := func(i int) time.Duration {
		to, _ := time.Parse(time.RFC3339, all[i].to)
		from, err := time.Parse(time.RFC3339, all[i+1].from)
		if err != nil {
			return math.MinInt64 // the later one has no beginning, so it holds the other
		}
		return from.Sub(to)
	}
	nearest := 0
	for i := range all[:len(all)-1] {
		if gap(i) < gap(nearest) {
			nearest = i
		}
	}
	if all[nearest+1].from != "" {
		all[nearest+1].from = all[nearest].from
	}
	return slices.Delete(all, nearest, nearest+1)
}

// DoubtText says what to send again because files of the engine were damaged, if that is
// not long ago, and "" otherwise: recorded is the value of [agentstore.StateDoubt].
func DoubtText(recorded string, now time.Time) string {
	var times []string
	for _, d := range doubts(recorded, now) {
		if d.from == "" {
			times = append(times, "before "+d.to)
		} else {
			times = append(times, "from "+d.from+" to "+d.to)
		}
	}
	if len(times) == 0 {
		return ""
	}
	return "files of the engine were damaged and made anew, and may have found too little: match again what was matched " +
		strings.Join(times, ", and ") + "; hunts look again at what they looked at then"
}
