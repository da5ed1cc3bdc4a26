// Command lantern runs an exchange, an agent, and the commands people and scripts use
// to speak to them. Everything it does is in package internal/cli.
package main

import (
	"os"

	"lantern/internal/cli"
)

func main() { os.Exit(cli.Main()) }
