package client_test

import (
	"context"
	"fmt"
	"os"

	"lantern"
	"lantern/client"
)

// Look a post up in the member's own agent: POST /v1/match in ten lines.
func ExampleAgent() {
	a := client.NewAgent("http://127.0.0.1:8751", os.Getenv("LANTERN_AGENT_TOKEN"), client.Options{})
	post := lantern.Record{Ref: "post-1", Account: "u-1", Text: "see https://files.example.com/a"}
	answers, err := a.Match(context.Background(), []lantern.Record{post}, false)
	if err != nil || answers[0].State == lantern.CouldNotLook {
		fmt.Fprintln(os.Stderr, "could not look: keep the post and ask again")
		return
	}
	for _, m := range answers[0].Matches {
		fmt.Println("a person should look at post-1: signal", m.Signal, m.How)
	}
}
