package doctor

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strings"

	"lantern"
	"lantern/internal/segment"
)

// lookFiles reads the engine's files through, as the agent does every two minutes.
func lookFiles(_ context.Context, v *visit) Finding {
	n, err := segment.Verify(v.Engine)
	if err != nil {
		return bad("lookups find too little: "+err.Error(), fixFiles)
	}
	return good(fmt.Sprintf("%d read through without damage", n))
}

// unavailable tells an agent that does not run from one that says why it cannot answer.
func unavailable(err error) Finding {
	var e *lantern.Error
	var dial *net.OpError
	if errors.As(err, &dial) || !errors.As(err, &e) || e.Fix == "" {
		return doubt("no agent answers", fixRun)
	}
	return bad("the agent answers that it cannot say how it stands: "+e.Reason, e.Fix)
}

// lookEngine asks the running agent how far its answers can be relied on.
func lookEngine(ctx context.Context, v *visit) Finding {
	if v.Agent == nil {
		return skipped("the agent was not asked: its token could not be read")
	}
	s, err := v.Agent.Status(ctx)
	switch kind := lantern.KindOf(err); {
	case kind == lantern.Unauthorized:
		return bad("the agent does not take the token", fixToken)
	case kind == lantern.Unavailable:
		return unavailable(err)
	case err != nil:
		return bad("the agent does not say how it stands: "+said(err), fixEngine)
	case s.Answers == lantern.CouldNotLook:
		return bad("could not look: "+strings.Join(s.Reasons, "; "), fixEngine)
	case s.Answers != lantern.AnswerOK || len(s.Reasons) > 0:
		return doubt(string(s.Answers)+": "+strings.Join(s.Reasons, "; "), fixEngine)
	}
	return good(fmt.Sprintf("matches %d signals", s.Signals))
}
