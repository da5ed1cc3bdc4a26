package api

import (
	"lantern"
	"lantern/audit"
	"lantern/internal/web"
)

const (
	textMedia  = "text/plain; charset=utf-8"
	bytesMedia = "application/octet-stream"
)

func checkpoint(c *call) (plain, error) {
	b, err := c.api.x.Checkpoint(c.ctx())
	return plain{textMedia, b}, err
}

func logKey(c *call) (plain, error) {
	return plain{textMedia, []byte(c.api.x.LogKey() + "\n")}, nil
}

func tile(c *call) (plain, error) {
	path := "tile/" + c.r.PathValue("path")
	if _, _, err := audit.ParsePath(path); err != nil {
		return plain{}, &lantern.Error{Kind: lantern.NotFound, Reason: "no such tile"}
	}
	b, err := c.api.x.Tile(c.ctx(), path)
	return plain{bytesMedia, b}, err
}

func receipt(c *call) (plain, error) {
	leaf, err := c.leaf()
	if err != nil {
		return plain{}, err
	}
	b, err := c.api.x.Receipt(c.ctx(), leaf)
	return plain{textMedia, b}, err
}

// hashes is the wire form of a proof.
type hashes struct {
	Hashes []audit.Hash `json:"hashes"`
}

func consistency() handler {
	h := open(func(c *call) (hashes, error) {
		from, err := number("query parameter from", c.params["from"])
		if err != nil {
			return hashes{}, err
		}
		to, err := number("query parameter to", c.params["to"])
		if err != nil {
			return hashes{}, err
		}
		list, err := c.api.x.Consistency(c.ctx(), from, to)
		return hashes{list}, err
	})
	h.params = []param{
		{name: "from", about: "the smaller size", number: true, needed: true},
		{name: "to", about: "the larger size", number: true, needed: true},
	}
	return h
}

func opening() handler {
	return handler{answer: typeOf[lantern.Opening](), perform: func(c *call) (any, error) {
		leaf, err := c.leaf()
		if err != nil {
			return nil, err
		}
		return c.api.x.Opening(c.ctx(), c.actor, leaf)
	}}
}

func live(*call) (plain, error) { return plain{textMedia, []byte("ok\n")}, nil }

func ready(c *call) (plain, error) {
	if err := c.api.x.Ready(c.ctx()); err != nil {
		return plain{}, err
	}
	return live(c)
}

func document(c *call) (plain, error) { return plain{web.JSONMedia, c.api.doc}, nil }
