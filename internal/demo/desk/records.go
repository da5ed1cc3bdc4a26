package desk

import (
	"lantern"
	"lantern/internal/demo/world"
)

// UsersOf are a platform's users as records for its agent: what each is known by.
func UsersOf(p *world.Platform) (records []lantern.Record) {
	for _, a := range p.Accounts {
		r := lantern.Record{Ref: "user/" + a.ID, Account: a.ID, At: a.Seen}
		r.Values = append(r.Values, lantern.TypedValue{Type: "email", Value: a.Email}, lantern.TypedValue{Type: "username", Value: p.Domain + "/" + a.Handle})
		if a.Paytag != "" {
			r.Values = append(r.Values, lantern.TypedValue{Type: "payment", Value: a.Paytag})
		}
		records = append(records, r)
	}
	return records
}

// PostsOf are a social network's posts and profiles as records for its agent.
func PostsOf(p *world.Platform) (records []lantern.Record) {
	for _, a := range p.Accounts {
		for _, post := range a.Posts {
			records = append(records, lantern.Record{Ref: post.ID, Account: a.ID, At: post.At, Text: post.Text})
		}
	}
	return records
}
