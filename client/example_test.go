package client_test

import (
	"context"
	"fmt"
	"os"
	"time"

	"lantern"
	"lantern/client"
)

// Follow a program's feed until the context ends.
func Example() {
	ctx, program := context.Background(), lantern.ID(123456789)
	c := client.New("https://exchange.example.com", os.Getenv("LANTERN_KEY"), client.Options{})
	var cursor lantern.Cursor
	for {
		page, err := c.Feed(ctx, program, cursor, 0, 30*time.Second)
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			return
		}
		for _, change := range page.Changes {
			fmt.Println(change.Seq, change.Signal.ID, change.Signal.State)
		}
		cursor = page.Next
	}
}
