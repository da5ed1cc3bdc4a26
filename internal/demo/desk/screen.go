package desk

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"lantern"
	"lantern/client"
	"lantern/internal/demo/tell"
)

// Cells are the lines of sums, a kind each.
func Cells(counts map[lantern.OutcomeKind]lantern.Cell) (lines []string) {
	for _, kind := range SortedKeys(counts) {
		lines = append(lines, tell.Pad(counts[kind].String(), 16)+strings.ReplaceAll(string(kind), "-", " "))
	}
	return lines
}

// SignalsOf lists a member's own active signals.
func SignalsOf(ctx context.Context, c *client.Client) (all []lantern.Signal, err error) {
	var after lantern.ID
	for {
		page, err := c.Signals(ctx, client.SignalFilter{State: lantern.Active, After: after, Limit: lantern.MaxPage})
		if err != nil {
			return nil, fmt.Errorf("listing signals: %w", err)
		}
		if len(page) == 0 {
			return all, nil
		}
		all, after = append(all, page...), page[len(page)-1].ID
	}
}

// Faults are all complaints in an error.
func Faults(err error) (list []*lantern.Error) {
	var e *lantern.Error
	if !errors.As(err, &e) {
		return nil
	}
	return append([]*lantern.Error{e}, e.Also...)
}
