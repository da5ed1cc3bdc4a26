package cli

import (
	"io"

	"lantern/internal/completion"
)

type completionCmd struct {
	Shell string `arg:"" enum:"bash,zsh,fish" help:"bash, zsh or fish."`
}

func (c *completionCmd) Run(a *app) error {
	_, err := io.WriteString(a.Out, completion.Script(c.Shell, a.model))
	return err
}
