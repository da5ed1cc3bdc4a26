package agent

import (
	"context"

	"lantern"
)

// RunOnce does once, one thing after the other, what [Agent.Run] keeps doing, and returns
// when every feed was read to its present end and what is owed was acknowledged. It is
// for machines that are only now and then connected, and must not be called while Run
// runs. What was done before an error stays done; calling it again goes on from there.
func (a *Agent) RunOnce(ctx context.Context) error {
	who, err := a.identify(ctx)
	if err != nil {
		return err
	}
	a.setFeeds(who)
	if err := a.faultErr(); err != nil {
		return err
	}
	steps := []func(context.Context) error{a.checkFiles, a.keepEngine, a.firstRestores}
	for _, p := range who.Programs {
		steps = append(steps, func(ctx context.Context) error { return a.readAll(ctx, p.ID) })
	}
	steps = append(steps, a.verifyLog, a.expire, a.sweep, a.desk.Tidy, a.readOwed, a.own.Anchor, a.sendAcks,
		func(ctx context.Context) error { _, err := a.scrubOnce(ctx); return err }, a.sendAcks)
	for _, step := range steps {
		if err := step(ctx); err != nil {
			return err
		}
	}
	return a.faultErr()
}

// readAll reads a feed to its present end. That the exchange does not let the member read
// it is noted, and no failure: other feeds may be open to it.
func (a *Agent) readAll(ctx context.Context, program lantern.ID) error {
	for {
		more, err := a.read(ctx, program, 0)
		a.noteRead(program, err)
		if err == nil && more {
			continue
		}
		if kind := lantern.KindOf(err); kind == lantern.Forbidden || kind == lantern.NotFound {
			return nil
		}
		return err
	}
}
