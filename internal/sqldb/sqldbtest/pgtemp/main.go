// Command pgtemp runs a command with a temporary PostgreSQL cluster, so that many test
// binaries share one:
//
//	go run ./internal/sqldb/sqldbtest/pgtemp -- go test ./...
//
// The command finds the cluster's admin URL in LANTERN_TEST_POSTGRES. The cluster goes
// away with the command. pgtemp exits as the command does; if no server is installed it
// says so and runs the command without one.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"syscall"

	"lantern/internal/sqldb/sqldbtest"
)

func main() {
	args := os.Args[1:]
	if len(args) > 0 && args[0] == "--" {
		args = args[1:]
	}
	if len(args) == 0 {
		fmt.Fprintln(os.Stderr, "usage: pgtemp -- command [argument ...]")
		os.Exit(2)
	}
	os.Exit(run(args))
}

// run starts the cluster and the command and returns its exit code.
func run(args []string) int {
	env := os.Environ()
	cluster, err := sqldbtest.Start(context.Background())
	switch {
	case err == nil:
		defer cluster.Stop()
		env = append(env, "LANTERN_TEST_POSTGRES="+cluster.URL)
	case errors.Is(err, sqldbtest.ErrNoPostgres) && os.Getenv("CI") != "true":
		fmt.Fprintln(os.Stderr, "pgtemp:", err)
	default:
		fmt.Fprintln(os.Stderr, "pgtemp: error:", err)
		return 1
	}
	// An interrupt reaches the command from the terminal; pgtemp must outlive it. Ignoring
	// the signal would be inherited by the command.
	signal.Notify(make(chan os.Signal, 1), syscall.SIGINT)
	cmd := exec.Command(args[0], args[1:]...)
	cmd.Env, cmd.Stdin, cmd.Stdout, cmd.Stderr = env, os.Stdin, os.Stdout, os.Stderr
	var exit *exec.ExitError
	switch err := cmd.Run(); {
	case err == nil:
		return 0
	case errors.As(err, &exit) && exit.ExitCode() >= 0:
		return exit.ExitCode()
	default:
		fmt.Fprintln(os.Stderr, "pgtemp: error:", err)
		return 1
	}
}
