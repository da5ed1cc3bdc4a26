package cli

import (
	"io"

	"lantern/internal/cli/command"
	"lantern/internal/completion"
)

type completionCmd struct {
	Shell string `arg:"" enum:"bash,zsh,fish" help:"bash, zsh or fish."`
}

func (c *completionCmd) Run(a *command.App) error {
	_, err := io.WriteString(a.Out, completion.Script(c.Shell, a.Model))
	return err
}
