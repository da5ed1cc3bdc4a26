package cli

import (
	"strings"

	"github.com/alecthomas/kong"
)

// commands is the list of all commands. A command stands here with the one line that
// says what it does and at least one example.
type commands struct {
	Common

	Version    versionCmd    `cmd:"" help:"Show which build this is." example:"lantern version"`
	Completion completionCmd `cmd:"" help:"Print a completion script for your shell." example:"lantern completion bash > /etc/bash_completion.d/lantern"`
}

// showExamples puts each command's examples under its help.
func showExamples(k *kong.Kong) error {
	return kong.Visit(k.Model, func(v kong.Visitable, next kong.Next) error {
		node, ok := v.(*kong.Node)
		if !ok || node.Tag == nil || !node.Tag.Has("example") {
			return next(nil)
		}
		detail := node.Detail
		if detail != "" {
			detail += "\n\n"
		}
		detail += "For example:\n"
		for line := range strings.SplitSeq(node.Tag.Get("example"), "\n") {
			detail += "\n    " + line
		}
		node.Detail = detail
		return next(nil)
	})
}
