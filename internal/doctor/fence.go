package doctor

import (
	"context"
	"errors"
	"io/fs"
	"os"

	"lantern/internal/agentstore"
	"lantern/internal/fence"
)

// lookFence compares the number that tells an older copy of the database with the database.
// The file is read first: beside a running agent both rise, the database before the file.
func lookFence(ctx context.Context, v *visit) Finding {
	_, missing := os.Stat(v.Fence)
	seen, err := fence.Read(v.Fence)
	if err != nil {
		return bad("cannot be read: "+reason(err), fixModes)
	}
	if v.db == nil {
		return good("nothing is there yet that could go back")
	}
	state, f, ok := v.state(ctx)
	if !ok {
		return f
	}
	stored := fence.Parse(state[agentstore.StateFence])
	switch {
	case state[agentstore.StateBack] != "":
		return bad("the database went back to an older copy, or its fence was lost: nothing matches until every feed was read again", fixBack)
	case stored == fence.Mark{}:
		return good("not counted yet: the first run begins")
	case errors.Is(missing, fs.ErrNotExist):
		return bad("the file is gone: an older copy of the database would not be noticed, and at its next start the agent takes this one for such a copy", fixFence)
	case seen.History == fence.Damaged:
		return bad("the file is damaged: at its next start the agent takes its database for an older copy", fixFence)
	case seen.History != stored.History:
		return bad("the file belongs to another database than the one that is there", fixFence)
	case seen.Older(stored):
		return bad("the database is older than what the agent did: it went back to a backup", fixFence)
	}
	return good("the database is not older than what the agent did")
}
